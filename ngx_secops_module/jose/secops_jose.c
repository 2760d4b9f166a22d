
/* The JSON of JOSE; see secops_jose.h. */

#include "jose/secops_jose.h"
#include "model/json/secops_json_tokens.h"


int
secops_jose_parse(secops_json_t *json, secops_slice_t text)
{
    secops_json_error_t  error;

    static const secops_json_reading_t  how = {
        .limits = { SECOPS_JOSE_DEPTH, SECOPS_JOSE_MEMBERS }
    };

    return secops_json_tokens(json, text, &how, &error);
}


uint32_t
secops_jose_member(const secops_json_t *json, uint32_t i, const char *name,
    secops_json_type_e type)
{
    uint32_t  value;

    value = secops_json_member(json, i, (const unsigned char *) name,
                               strlen(name));

    if (value == 0 || json->tokens[value].type != type) {
        return 0;
    }

    return value;
}


int
secops_jose_has(const secops_json_t *json, uint32_t i, const char *name)
{
    return secops_json_member(json, i, (const unsigned char *) name,
                              strlen(name))
           != 0;
}
