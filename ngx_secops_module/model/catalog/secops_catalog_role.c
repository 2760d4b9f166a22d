
/* The roles that an integration can have in a job. */

#include "model/catalog/secops_catalog.h"


typedef struct {
    secops_slice_t  name;
    secops_slice_t  label;
} secops_catalog_role_t;


static const secops_catalog_role_t
    secops_catalog_roles[SECOPS_CATALOG_ROLES] = {
    { secops_slice("input"), secops_slice("Input") },
    { secops_slice("enrichment"), secops_slice("Enrichment") },
    { secops_slice("processor"), secops_slice("Processor") },
    { secops_slice("case_creation"), secops_slice("Case creation") },
    { secops_slice("post_decision"), secops_slice("Post decision") },
    { secops_slice("output"), secops_slice("Output") }
};


secops_slice_t
secops_catalog_role_name(secops_catalog_role_e role)
{
    return secops_catalog_roles[role].name;
}


secops_slice_t
secops_catalog_role_label(secops_catalog_role_e role)
{
    return secops_catalog_roles[role].label;
}


int
secops_catalog_role(secops_slice_t name)
{
    int  role;

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {
        if (secops_slice_equal(name, secops_catalog_roles[role].name)) {
            return role;
        }
    }

    return -1;
}
