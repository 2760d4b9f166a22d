
#include "redis/resp/secops_redis_error.h"


/*
 * The most frequent codes of a troubled Redis come first.  OOM and MISCONF are
 * refusals although an operator can mend them: until somebody does, the same
 * write is refused each time, and a client that is told to come back in a
 * moment would be misled.
 */

static const secops_redis_error_t  secops_redis_errors[] = {

    { secops_slice("LOADING"), SECOPS_REDIS_RECONNECT,
      "Redis is loading its data set" },

    { secops_slice("READONLY"), SECOPS_REDIS_RECONNECT,
      "this Redis is a read-only replica" },

    { secops_slice("MASTERDOWN"), SECOPS_REDIS_RECONNECT,
      "this replica has lost its primary" },

    { secops_slice("NOAUTH"), SECOPS_REDIS_RECONNECT,
      "the link is not authenticated" },

    { secops_slice("CLUSTERDOWN"), SECOPS_REDIS_PAUSE,
      "the Redis Cluster does not serve this slot" },

    { secops_slice("TRYAGAIN"), SECOPS_REDIS_PAUSE,
      "the keys are being moved to another node" },

    { secops_slice("BUSY"), SECOPS_REDIS_UNAVAILABLE,
      "Redis is running a script that takes too long" },

    { secops_slice("NOREPLICAS"), SECOPS_REDIS_UNAVAILABLE,
      "fewer replicas are connected than min-replicas-to-write" },

    { secops_slice("OOM"), SECOPS_REDIS_REFUSE,
      "Redis has used all its memory (maxmemory)" },

    { secops_slice("MISCONF"), SECOPS_REDIS_REFUSE,
      "Redis can not write to its disk" },

    { secops_slice("MOVED"), SECOPS_REDIS_FOLLOW,
      "the slot lives on another node of the Redis Cluster" },

    { secops_slice("ASK"), SECOPS_REDIS_FOLLOW,
      "the slot is moving to another node of the Redis Cluster" },

    { secops_slice("NOSCRIPT"), SECOPS_REDIS_REFUSE,
      "the script is not loaded" },

    { secops_slice("WRONGPASS"), SECOPS_REDIS_REFUSE,
      "wrong user or password" },

    { secops_slice("NOPERM"), SECOPS_REDIS_REFUSE,
      "the ACL user may not run this command or touch this key" },

    { secops_slice("EXECABORT"), SECOPS_REDIS_REFUSE,
      "the transaction was dropped for an error in one of its commands" },

    { secops_slice("WRONGTYPE"), SECOPS_REDIS_REFUSE,
      "the key holds another type of value" },

    { secops_slice("UNKILLABLE"), SECOPS_REDIS_REFUSE,
      "the script that is running has written and can not be stopped" },

    { secops_slice("ERR"), SECOPS_REDIS_REFUSE,
      "Redis could not run the command" },

    { secops_slice(""), SECOPS_REDIS_REFUSE,
      "any other error" }
};


#define SECOPS_REDIS_ERRORS                                                   \
    (sizeof(secops_redis_errors) / sizeof(secops_redis_errors[0]))


/* does not compile when the table has outgrown those who count by it */

typedef char  secops_redis_errors_fit[
    SECOPS_REDIS_ERRORS <= SECOPS_REDIS_ERRORS_MAX ? 1 : -1];


secops_slice_t
secops_redis_error_code(secops_slice_t message)
{
    secops_slice_t  code;

    code = secops_slice_bytes(message.data, 0);

    while (code.len < message.len && code.data[code.len] != ' ') {
        code.len++;
    }

    return code;
}


const secops_redis_error_t *
secops_redis_error(secops_slice_t code)
{
    size_t  i;

    for (i = 0; i < SECOPS_REDIS_ERRORS - 1; i++) {
        if (secops_slice_equal(secops_redis_errors[i].code, code)) {
            break;
        }
    }

    return &secops_redis_errors[i];
}


const secops_redis_error_t *
secops_redis_error_row(size_t i)
{
    return (i < SECOPS_REDIS_ERRORS) ? &secops_redis_errors[i] : NULL;
}


size_t
secops_redis_error_index(const secops_redis_error_t *error)
{
    return (size_t) (error - secops_redis_errors);
}


const char *
secops_redis_action_name(secops_redis_action_e action)
{
    static const char  *names[] = {
        "refused",
        "unavailable",
        "unavailable; in a cluster tried again",
        "refused; in a cluster followed",
        "unavailable, reconnect"
    };

    return names[action];
}
