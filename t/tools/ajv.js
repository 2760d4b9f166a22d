// An independent validator of JSON Schema beside the module's own: ajv.
//
//     node ajv.js check SCHEMAS
//         each line of the file is {"name", "schema"}; prints one line each:
//         "ok NAME", or "not ok NAME: why" when ajv does not accept the schema
//
//     node ajv.js judge SCHEMAS DOCUMENTS
//         each line of the second file is {"name", "schema", "text"}, where
//         "schema" is the name of one of the first file's; prints a line for
//         each that is no JSON or that its schema does not allow, and "judged N"
//
//     node ajv.js generate SCHEMAS SEED COUNT
//         makes COUNT sets of parameters for each schema, about half of them
//         meant to be valid, and prints for each schema "S" and the schema, then
//         for each set "1" or "0", ajv's verdict, and the set
//
// The sets come from the schema's text alone and from a random number
// generator with a seed, so that a run can be had again.

'use strict';

const fs = require('fs');
const Ajv = require('ajv');


// mulberry32

let state = 0;

function random() {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

const below = n => Math.floor(random() * n);
const pick = list => list[below(list.length)];
const chance = p => random() < p;


// A number, or a string, with a text of its own: JSON has several for one value.
// All numbers are such that a double holds them: ajv sees no others, while the
// module's validator compares texts of any length exactly

class Text {
    constructor(text) { this.text = text; }
}

function integer(n) {
    return new Text(chance(0.8) ? String(n)
        : pick([n + '.0', n + 'e0', n + '.00E+0']));
}

function quote(string) {
    if (chance(0.9)) {
        return JSON.stringify(string);
    }

    return '"' + Array.from({ length: string.length }, (_, i) => '\\u'
        + string.charCodeAt(i).toString(16).padStart(4, '0')).join('') + '"';
}

function write(value) {
    if (value instanceof Text) {
        return value.text;
    }

    if (typeof value === 'string') {
        return quote(value);
    }

    if (Array.isArray(value)) {
        return '[' + value.map(write).join(',') + ']';
    }

    if (value && typeof value === 'object') {
        return '{' + Object.keys(value).map(name =>
            quote(name) + ':' + write(value[name])).join(',') + '}';
    }

    return JSON.stringify(value);
}


// Strings that match a pattern: what of regular expressions the definitions
// use.  A part that is not known ends the test, so that it is added here

class Sampler {
    constructor(pattern) {
        this.pattern = pattern;
        this.at = 0;
    }

    sample() {
        const text = this.choice();

        if (this.at < this.pattern.length) {
            throw new Error('a pattern that is not known: ' + this.pattern);
        }

        return text;
    }

    choice() {
        const parts = [ this.sequence() ];

        while (this.pattern[this.at] === '|') {
            this.at++;
            parts.push(this.sequence());
        }

        return pick(parts);
    }

    sequence() {
        let text = '';

        while (this.at < this.pattern.length
               && !'|)'.includes(this.pattern[this.at]))
        {
            text += this.repeated();
        }

        return text;
    }

    repeated() {
        const begin = this.at;
        const first = this.atom();
        const end = this.at;
        const [ low, high ] = this.quantifier();
        const after = this.at;
        const n = low + below(high - low + 1);
        let text = n ? first : '';

        for (let i = 1; i < n; i++) {
            this.at = begin;
            text += this.atom();
        }

        if (this.at !== after && n > 1 && this.at !== end) {
            throw new Error('lost in ' + this.pattern);
        }

        this.at = after;

        return text;
    }

    quantifier() {
        const rest = this.pattern.slice(this.at);
        const bounds = /^\{(\d+)(,?)(\d*)\}/.exec(rest);

        if (bounds) {
            this.at += bounds[0].length;
            const low = +bounds[1];
            return [ low, bounds[2] ? bounds[3] ? +bounds[3] : low + 3 : low ];
        }

        const ranges = { '?': [ 0, 1 ], '*': [ 0, 3 ], '+': [ 1, 5 ] };

        if (rest[0] in ranges) {
            this.at++;
            return ranges[rest[0]];
        }

        return [ 1, 1 ];
    }

    atom() {
        const c = this.pattern[this.at++];

        switch (c) {
        case '^':
        case '$':
            return '';

        case '(': {
            const text = this.choice();
            this.at++;
            return text;
        }

        case '[':
            return this.set();

        case '\\':
            return this.pattern[this.at++];

        case '.':
            throw new Error('a pattern that is not known: ' + this.pattern);

        default:
            return c;
        }
    }

    set() {
        const negated = this.pattern[this.at] === '^';
        const members = [];

        if (negated) {
            this.at++;
        }

        while (this.pattern[this.at] !== ']') {
            let c = this.pattern[this.at++];

            if (c === '\\') {
                c = this.pattern[this.at++];
            }

            if (this.pattern[this.at] === '-'
                && this.pattern[this.at + 1] !== ']')
            {
                const last = this.pattern.charCodeAt(this.at + 1);
                this.at += 2;

                for (let i = c.charCodeAt(0); i <= last; i++) {
                    members.push(String.fromCharCode(i));
                }

            } else {
                members.push(c);
            }
        }

        this.at++;

        if (!negated) {
            return pick(members);
        }

        return pick(Array.from('abzAZ019.-_/:é漢').filter(c =>
            !members.includes(c)));
    }
}


const words = [ 'a', 'source.ip', 'alerts-*', 'status=OPEN', 'é', '漢字',
    '\u{1f512}', ' ', 'x y', '"', '\\', '{{event.id}}', 'null', '0', '-1',
    '\u0001', '\u2028', 'https://example.com', 'a'.repeat(200),
    '\u{1f512}'.repeat(50) ];

const uris = [ 'https://example.com', 'http://a', 'https://a.b:9200/x?y=z#q',
    'https://user:pw@example.com/', 'http://[::1]:8080/x',
    'http://192.0.2.1/%41', 'HTTPS://EXAMPLE.COM', 'https://example.com/a b',
    'https://example.com/%zz', 'https:/example.com', 'example.com',
    '//example.com', 'ftp://example.com', 'https://', 'https://example.com/é',
    'https://hooks.slack.com/services/T/B/x', 'https://example.com/"x"',
    'https://example.com/<x>', 'http://[::1/x', 'https://a/?q={x}',
    'https://hooks.slack-gov.com/services/a', ' https://example.com',
    'https://example.com\n', 'mailto:a@b', 'https://example.com:port/',
    'https://dce-1.eu-1.ingest.monitor.azure.com',
    'https://dce-1.eu-1.ingest.monitor.azure.us/',
    'https://dce-1.ingest.monitor.azure.com.example.com' ];

const emails = [ 'a@example.com', 'a.b+c@example.co.uk', 'a@b', '@example.com',
    'a@', 'a b@example.com', 'a@example..com', 'A_b-c@x-y.org', 'a@-b.com',
    'a.@example.com', '.a@example.com', 'a..b@example.com' ];

const uuids = [ '123e4567-e89b-12d3-a456-426614174000',
    '123E4567-E89B-12D3-A456-42661417400F',
    '123e4567e89b12d3a456426614174000', '123e4567-e89b-12d3-a456-42661417400',
    'urn:uuid:123e4567-e89b-12d3-a456-426614174000',
    '{123e4567-e89b-12d3-a456-426614174000}',
    '123e4567-e89b-12d3-a456-42661417400g',
    '123e4567-e89b-12d3-a456-4266141740000' ];

const formats = { uri: uris, email: emails, uuid: uuids };


function string(schema) {
    if (schema.format && !formats[schema.format]) {
        throw new Error('a format that is not known: ' + schema.format);
    }

    if (schema.format && chance(0.7)) {
        const matching = formats[schema.format].filter(text =>
            new RegExp(schema.pattern || '', 'u').test(text));
        return pick(matching.slice(0, 6));
    }

    if (schema.format) {
        return pick(formats[schema.format]);
    }

    if (schema.pattern) {
        return new Sampler(schema.pattern).sample();
    }

    const text = pick(words);
    const length = Array.from(text).length;

    return schema.maxLength !== undefined && length > schema.maxLength
        ? 'a' : text;
}


function value(schema) {
    if (schema === true || Object.keys(schema).length === 0) {
        return pick([ 'x', 1, true, null, [ 1 ], { a: 1 } ]);
    }

    if (schema.const !== undefined) {
        return schema.const;
    }

    if (schema.enum) {
        return pick(schema.enum);
    }

    switch (schema.type) {
    case 'integer':
    case 'number': {
        const low = schema.minimum, high = schema.maximum;
        const n = pick([ low, high, low + below(Math.min(high - low + 1, 1e6)),
            schema.default === undefined ? low : schema.default ]);
        return schema.type === 'number' && n < high && chance(0.3)
            ? n + 0.5 : integer(n);
    }

    case 'boolean':
        return chance(0.5);

    case 'array':
        return array(schema);

    case 'object':
        return object(schema);

    case undefined:
        return pick([ 'x', 1, null ]);

    default:
        return string(schema);
    }
}


function array(schema) {
    const most = Math.min(schema.maxItems || 4, 4);
    const n = Math.max(schema.minItems || 0, below(most + 1));
    const list = [], seen = new Set();

    for (let i = 0; i < 4 * n && list.length < n; i++) {
        const item = value(schema.items || true);
        const text = JSON.stringify(JSON.parse(write(item)));

        if (!schema.uniqueItems || !seen.has(text)) {
            seen.add(text);
            list.push(item);
        }
    }

    return list;
}


function name(schema) { // of a further member
    const names = schema.propertyNames;
    return names && names.pattern ? new Sampler(names.pattern).sample()
                                  : pick([ 'X-A', 'b', 'c' ]);
}


function object(schema) {
    const set = {};
    const properties = schema.properties || {};
    const some = random();

    for (const key of Object.keys(properties)) {
        if ((schema.required || []).includes(key) || chance(some)) {
            set[key] = value(properties[key]);
        }
    }

    if (schema.additionalProperties !== false && chance(0.5)) {
        set[name(schema)] = value(schema.additionalProperties || true);
    }

    for (let i = 0; i < 4; i++) {
        complete(schema, set);
    }

    return set;
}


const plain = value => value === undefined ? undefined
                                           : JSON.parse(write(value));

function meets(schema, set) { // what conditions are made of
    return (schema.required || []).every(key => key in set)
        && Object.entries(schema.properties || {}).every(([ key, wanted ]) =>
            !(key in set) || (wanted.enum || [ wanted.const ])
                .includes(plain(set[key])));
}


function complete(schema, set) { // what conditions make required
    const wanted = [];

    for (const rule of [ schema ].concat(schema.allOf || [])) {
        if (rule.if) {
            const branch = meets(rule.if, set) ? rule.then : rule.else;
            wanted.push(...(branch && branch.required || []));
        }
    }

    for (const [ key, names ] of Object.entries(schema.dependencies || {})) {
        if (key in set && Array.isArray(names)) {
            wanted.push(...names);
        }
    }

    if (schema.anyOf && !schema.anyOf.some(branch => meets(branch, set))) {
        const branch = pick(schema.anyOf);
        wanted.push(...branch.required || []);

        for (const [ key, of ] of Object.entries(branch.properties || {})) {
            set[key] = value(of);
        }
    }

    for (const key of wanted) {
        if (!(key in set)) {
            set[key] = value(schema.properties[key]);
        }
    }
}


// --- what is wrong with a set

const wrong = () => pick([ null, true, false, 0, -1, 1.5, '', 'x', [], {},
    [ 'a', 'a' ], [ 1, new Text('1.0') ], { a: null }, 1e9, 2147483648,
    new Text('123456789012345678'), new Text('1E2'), new Text('-0.0'),
    'a'.repeat(40000) ]);

function near(schema, old) { // a value that is just not, or just, allowed
    switch (schema.type) {
    case 'integer':
    case 'number':
        return pick([ schema.minimum - 1, schema.maximum + 1,
            schema.minimum - 0.5, schema.maximum + 0.5, schema.minimum + 0.5,
            String(schema.minimum), new Text(schema.maximum + '.000'),
            new Text(schema.maximum + '.125') ]);

    case 'string': {
        const text = typeof old === 'string' ? old : 'x';
        const list = [ '', text + ' ', ' ' + text, text.toUpperCase(),
            Array.from(text).slice(1).join(''), text + '\n', '\n' + text, text + 'é',
            text + '\u{1f512}' ];

        if (schema.maxLength) {
            list.push('a'.repeat(schema.maxLength),
                'a'.repeat(schema.maxLength + 1),
                '\u{1f512}'.repeat(schema.maxLength),
                '\u{1f512}'.repeat(schema.maxLength + 1));
        }

        return pick(list.concat(formats[schema.format] || []));
    }

    case 'array': {
        const list = Array.isArray(old) ? old : [];
        return pick([ list.concat(list), list.concat([ wrong() ]),
            list.slice(1), list.concat([ value(schema.items || true) ]) ]);
    }

    case 'object': {
        const set = Object.assign({}, old);
        set[pick([ 'X-A', 'a b', '', 'customfield_7', 'customfield_x' ])]
            = pick([ 'x', wrong() ]);
        return set;
    }

    default:
        return wrong();
    }
}


function spoil(schema, set) {
    const properties = schema.properties || {};
    const keys = Object.keys(set);
    const key = keys.length ? pick(keys) : undefined;

    switch (below(5)) {
    case 0:
        delete set[key];
        break;

    case 1:
        set[pick([ 'x', '', 'Hosts', key + ' ', 'é', 'constructor',
            '__proto_', 'x-id' ])] = wrong();
        break;

    case 2:
        if (key !== undefined) {
            set[key] = wrong();
        }
        break;

    case 3:
        if (key !== undefined) {
            set[key] = near(properties[key] || {}, set[key]);
        }
        break;

    default: {
        const names = Object.keys(properties);
        if (names.length) {
            const other = pick(names);
            set[other] = near(properties[other], set[other]);
        }
    }
    }
}


function generate(schema) {
    if (chance(0.02)) {
        return wrong();
    }

    const set = object(schema);

    if (chance(0.5)) {
        for (let n = 1 + below(2); n; n--) {
            spoil(schema, set);
        }
    }

    return set;
}


// --- what was answered, and what it has to be

function judge(entries, file) {
    const validators = {};
    const documents = read(file);

    for (const entry of entries) {
        validators[entry.name] = ajv().compile(entry.schema);
    }

    for (const { name, schema, text } of documents) {
        const validate = validators[schema];

        try {
            if (!validate(JSON.parse(text))) {
                console.log(`${name}: ${ajv().errorsText(validate.errors)}`
                    + `: ${text}`);
            }
        } catch (e) {
            console.log(`${name}: ${e.message}: ${text}`);
        }
    }

    console.log(`judged ${documents.length}`);
}


// --- main

const read = file => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
    .map(line => JSON.parse(line));

// a log of what ajv warns about would hide what it refuses
const ajv = () => new Ajv({ format: 'full', logger: false });

const [ , , command, file, seed, count ] = process.argv;
const entries = read(file);

if (command === 'judge') {
    judge(entries, seed);
    process.exit();
}

for (const entry of entries) {
    if (command === 'check') {
        const validator = ajv();
        let why = '';

        try {
            if (!validator.validateSchema(entry.schema)) {
                why = validator.errorsText();
            } else {
                validator.compile(entry.schema);
            }
        } catch (e) {
            why = e.message;
        }

        console.log(why ? `not ok ${entry.name}: ${why}` : `ok ${entry.name}`);
        continue;
    }

    const validate = ajv().compile(entry.schema);
    const lines = [ 'S' + JSON.stringify(entry.schema) ];

    state = +seed;

    for (const c of entry.name) {
        state = Math.imul(state ^ c.charCodeAt(0), 16777619);
    }

    for (let i = 0; i < +count; i++) {
        const text = write(generate(entry.schema));
        lines.push((validate(JSON.parse(text)) ? '1' : '0') + text);
    }

    console.log(lines.join('\n'));
}
