// The job in Node: fastify and ioredis, one process for each worker.
// BENCH_PORT, BENCH_WORKERS, BENCH_REDIS (unix:/path)

import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import fastify from 'fastify';
import { Redis } from 'ioredis';

const role = 'sn_sec_cmn.api_write';
const text = { type: 'string', minLength: 1 };

// ajv compiles it once
const schema = {
    body: {
        type: 'object',
        required: ['observable', 'finding', 'source_engine'],
        properties: { observable: text, finding: text, source_engine: text },
    },
};


function mayWrite(roles = '') {
    return roles === role || roles.split(/[, \t]+/).includes(role);
}


// a date in text is costly: made once a second

const clock = { second: 0, text: '' };

function created(now) {
    const second = Math.trunc(now / 1000);

    if (clock.second !== second) {
        clock.second = second;
        clock.text = new Date(second * 1000).toISOString()
            .replace('T', ' ').slice(0, 19);
    }

    return clock.text;
}


async function store(redis, id, user, record, now) {
    const replies = await redis.multi()
        .set('rec:' + id, record)
        .zadd('idx', now, id)
        .xadd('audit', 'MAXLEN', '~', 100000, '*', 'user', user, 'action',
            'create', 'id', id)
        .exec();

    const failed = replies ? replies.find(([error]) => error) : [];

    if (failed) {
        throw new Error('transaction failed: ' + failed[0]);
    }
}


function refusal(message, detail) {
    return { error: { message, detail }, status: 'failure' };
}


async function serve() {
    const path = process.env.BENCH_REDIS.replace(/^unix:/, '');
    const redis = new Redis({ path, commandTimeout: 2000 });
    const server = fastify({ bodyLimit: 1 << 20, keepAliveTimeout: 75000 });

    server.setErrorHandler((error, request, reply) => {
        const status = error.statusCode ?? 503;

        reply.code(status).send(refusal(status < 500 ? 'Invalid post body'
            : 'Unable to persist record', error.message));
    });

    // before the body is read
    const onRequest = (request, reply, done) => {
        if (mayWrite(request.headers['x-secops-roles'])) {
            done();
            return;
        }

        reply.code(403).send(refusal('Insufficient access',
            role + ' is needed'));
    };

    server.post('/post', { onRequest, schema }, async (request, reply) => {
        const { headers, body } = request;
        const now = Date.now();
        const id = randomBytes(16).toString('hex');
        const user = headers['x-secops-user'] ?? 'guest';

        body.sys_id = id;
        body.sys_created_by = user;
        body.sys_created_on = created(now);
        body.sys_domain = headers['x-secops-domain'] ?? 'global';

        const record = JSON.stringify(body);

        await store(redis, id, user, record, now);

        reply.code(201).type('application/json');
        return record;
    });

    await server.listen({
        host: '127.0.0.1', port: Number(process.env.BENCH_PORT), backlog: 4096,
    });
}


if (cluster.isPrimary) {
    for (let i = 0; i < Number(process.env.BENCH_WORKERS); i++) {
        cluster.fork();
    }

    process.on('SIGTERM', () => {
        for (const worker of Object.values(cluster.workers)) {
            worker.kill();
        }
    });

} else {
    await serve();
}
