
/*
 * ngx_http_secops_module: the Security Operations APIs inside nginx, with
 * Redis as the state that all machines share.  This file: directives, module
 * definition, and the life of configurations.
 */

#include "face/ngx_http_secops_conf.h"
#include "face/ngx_http_secops_phases.h"
#include "api/ngx_http_secops_api.h"

#include <openssl/rand.h>


static ngx_int_t ngx_http_secops_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_secops_init(ngx_conf_t *cf);
static void *ngx_http_secops_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_secops_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_secops_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_secops_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_conf_num_bounds_t  ngx_http_secops_depth_bounds = {
    ngx_conf_check_num_bounds, 1, 1000
};

static ngx_conf_num_bounds_t  ngx_http_secops_batch_bounds = {
    ngx_conf_check_num_bounds, 1, 100000
};

static ngx_conf_num_bounds_t  ngx_http_secops_audit_bounds = {
    ngx_conf_check_num_bounds, 0, NGX_MAX_INT32_VALUE
};

static ngx_conf_num_bounds_t  ngx_http_secops_queue_bounds = {
    ngx_conf_check_num_bounds, 0, NGX_MAX_INT32_VALUE - SECOPS_ID_SHARDS
};

static ngx_conf_num_bounds_t  ngx_http_secops_database_bounds = {
    ngx_conf_check_num_bounds, 0, NGX_MAX_INT32_VALUE
};

static ngx_conf_num_bounds_t  ngx_http_secops_ssl_depth_bounds = {
    ngx_conf_check_num_bounds, 0, 100
};


static ngx_conf_bitmask_t  ngx_http_secops_ssl_protocols[] = {
    { ngx_string("TLSv1.2"), NGX_SSL_TLSv1_2 },
    { ngx_string("TLSv1.3"), NGX_SSL_TLSv1_3 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_secops_commands[] = {

    { ngx_string("secops_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_http_secops_set_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_schema_dir"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_secops_main_conf_t, schema_dir),
      NULL },

    { ngx_string("secops_redis"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.url),
      NULL },

    { ngx_string("secops_redis_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.user),
      NULL },

    { ngx_string("secops_redis_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.password_file),
      NULL },

    { ngx_string("secops_redis_database"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.database),
      &ngx_http_secops_database_bounds },

    { ngx_string("secops_redis_connect_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.connect_timeout),
      NULL },

    { ngx_string("secops_redis_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.timeout),
      NULL },

    { ngx_string("secops_redis_ping"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ping),
      NULL },

    { ngx_string("secops_redis_ssl_verify"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.verify),
      NULL },

    { ngx_string("secops_redis_ssl_verify_depth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.verify_depth),
      &ngx_http_secops_ssl_depth_bounds },

    { ngx_string("secops_redis_ssl_trusted_certificate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.trusted_certificate),
      NULL },

    { ngx_string("secops_redis_ssl_crl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.crl),
      NULL },

    { ngx_string("secops_redis_ssl_name"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.name),
      NULL },

    { ngx_string("secops_redis_ssl_certificate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.certificate),
      NULL },

    { ngx_string("secops_redis_ssl_certificate_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.certificate_key),
      NULL },

    { ngx_string("secops_redis_ssl_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.password_file),
      NULL },

    { ngx_string("secops_redis_ssl_ciphers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.ciphers),
      NULL },

    { ngx_string("secops_redis_ssl_protocols"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.ssl.protocols),
      &ngx_http_secops_ssl_protocols },

    { ngx_string("secops_redis_max_pending"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_secops_set_max_pending,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_durability"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_secops_set_durability,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_redis_cluster"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.cluster),
      NULL },

    { ngx_string("secops_redis_cluster_seed"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_redis_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.seeds),
      NULL },

    { ngx_string("secops_redis_cluster_map"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_secops_set_cluster_map,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_redis_sentinel"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_secops_set_sentinel,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.sentinel.words),
      NULL },

    { ngx_string("secops_redis_sentinel_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.sentinel.user),
      NULL },

    { ngx_string("secops_redis_sentinel_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.sentinel.password_file),
      NULL },

    { ngx_string("secops_redis_sentinel_ssl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, redis.sentinel.ssl),
      NULL },

    { ngx_string("secops_redis_prefix"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, store.prefix),
      NULL },

    { ngx_string("secops_auth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity),
      NULL },

    { ngx_string("secops_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.user),
      NULL },

    { ngx_string("secops_roles"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.roles),
      NULL },

    { ngx_string("secops_domain"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.domain),
      NULL },

    { ngx_string("secops_header_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_header_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.header_user),
      NULL },

    { ngx_string("secops_header_roles"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_header_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.header_roles),
      NULL },

    { ngx_string("secops_header_domain"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_header_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.header_domain),
      NULL },

    { ngx_string("secops_trusted_proxy"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_trusted_proxy,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity),
      NULL },

    { ngx_string("secops_jwt_provider"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_BLOCK
          |NGX_CONF_TAKE1,
      ngx_http_secops_jwt_provider,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt),
      NULL },

    { ngx_string("secops_jwt_key_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_key_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own),
      NULL },

    { ngx_string("secops_jwt_key_request"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_key_request,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own),
      NULL },

    { ngx_string("secops_jwt_issuer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.issuers),
      NULL },

    { ngx_string("secops_jwt_audience"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.audiences),
      NULL },

    { ngx_string("secops_jwt_leeway"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.leeway),
      NULL },

    { ngx_string("secops_jwt_max_lifetime"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.max_lifetime),
      NULL },

    { ngx_string("secops_jwt_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_require,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.required),
      NULL },

    { ngx_string("secops_jwt_require_expiration"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.require_expiration),
      NULL },

    { ngx_string("secops_jwt_claim_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.claim_user),
      NULL },

    { ngx_string("secops_jwt_claim_roles"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_paths,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.claim_roles),
      NULL },

    { ngx_string("secops_jwt_claim_domain"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.claim_domain),
      NULL },

    { ngx_string("secops_jwt_claim_parents"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_paths,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.claim_parents),
      NULL },

    { ngx_string("secops_jwt_require_domain"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt.own.require_domain),
      NULL },

    { ngx_string("secops_jwt_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_jwt_cache,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.jwt),
      NULL },

    { ngx_string("secops_header_token"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_header_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.header_token),
      NULL },

    { ngx_string("secops_header_api_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_header_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.header_api_key),
      NULL },

    { ngx_string("secops_api_key_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.api_key_cache),
      NULL },

    { ngx_string("secops_write_role"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.write_role),
      NULL },

    { ngx_string("secops_read_role"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.read_role),
      NULL },

    { ngx_string("secops_admin_role"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.admin_role),
      NULL },

    { ngx_string("secops_domain_parents"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, identity.parents),
      NULL },

    { ngx_string("secops_public_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, public_url),
      NULL },

    { ngx_string("secops_max_depth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, max_depth),
      &ngx_http_secops_depth_bounds },

    { ngx_string("secops_max_batch"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, max_batch),
      &ngx_http_secops_batch_bounds },

    { ngx_string("secops_max_resources"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_secops_set_max_resources,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_query_scan"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_secops_set_query_scan,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_secrets_key_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_secrets_key_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_audit_maxlen"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, audit_maxlen),
      &ngx_http_secops_audit_bounds },

    { ngx_string("secops_event_queue"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_secops_loc_conf_t, event_queue),
      &ngx_http_secops_queue_bounds },

    { ngx_string("secops_audit_refusals"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_audit_refusals,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("secops_retention"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_secops_set_retention,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_secops_module_ctx = {
    ngx_http_secops_preconfiguration,      /* preconfiguration */
    ngx_http_secops_init,                  /* postconfiguration */

    ngx_http_secops_create_main_conf,      /* create main configuration */
    ngx_http_secops_init_main_conf,        /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_secops_create_loc_conf,       /* create location configuration */
    ngx_http_secops_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_secops_module = {
    NGX_MODULE_V1,
    &ngx_http_secops_module_ctx,           /* module context */
    ngx_http_secops_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_secops_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_secops_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_secops_preconfiguration(ngx_conf_t *cf)
{
    uint64_t         seed;
    static unsigned  seeded;

    /* one seed for all cycles: schemas of the running one must stay valid when
       a reload fails */

    if (!seeded) {

        if (RAND_bytes((u_char *) &seed, sizeof(seed)) != 1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "the random generator failed");
            return NGX_ERROR;
        }

        secops_json_seed(seed);
        seeded = 1;
    }

    if (ngx_http_secops_watch_conf(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_secops_add_variables(cf);
}


static ngx_int_t
ngx_http_secops_init(ngx_conf_t *cf)
{
    ngx_http_secops_main_conf_t  *mcf;

    static ngx_str_t  request_id = ngx_string("request_id");

    ngx_http_secops_unwatch_conf();

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);

    mcf->request_id = ngx_http_get_variable_index(cf, &request_id);

    if (mcf->request_id == NGX_ERROR
        || ngx_http_secops_index_maps(cf, mcf) != NGX_OK
        || ngx_secops_redis_check(cf, &mcf->redis) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_add_handlers(cf);
}


static void *
ngx_http_secops_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_secops_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     mcf->resources = { { NULL } };
     *     mcf->schema_dir = { 0, NULL };
     *     mcf->retention = 0;
     *     mcf->retired = 0;
     *     mcf->plain_secrets = 0;
     *     mcf->request_id = 0;
     *     mcf->refusals_period = 0;
     */

    if (ngx_array_init(&mcf->redis, cf->pool, 1, sizeof(ngx_secops_redis_t *))
        != NGX_OK
        || ngx_array_init(&mcf->tables, cf->pool, 4, sizeof(secops_table_t))
           != NGX_OK
        || ngx_array_init(&mcf->api_keys, cf->pool, 2, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&mcf->limit_keys, cf->pool, 2,
                          sizeof(ngx_http_secops_limit_key_t))
           != NGX_OK
        || ngx_array_init(&mcf->map_names, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&mcf->maps, cf->pool, 4, sizeof(ngx_int_t))
           != NGX_OK)
    {
        return NULL;
    }

    mcf->find_route = ngx_http_secops_route;
    mcf->refusals = NGX_CONF_UNSET_UINT;

    return mcf;
}


static char *
ngx_http_secops_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_secops_main_conf_t *mcf = conf;

    if (mcf->refusals == NGX_CONF_UNSET_UINT) {
        mcf->refusals = NGX_HTTP_SECOPS_REFUSALS;
        mcf->refusals_period = 1;
    }

    if (mcf->schema_dir.len) {

        if (ngx_conf_full_name(cf->cycle, &mcf->schema_dir, 1) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        while (mcf->schema_dir.len > 1
               && mcf->schema_dir.data[mcf->schema_dir.len - 1] == '/')
        {
            mcf->schema_dir.data[--mcf->schema_dir.len] = '\0';
        }
    }

    if (ngx_http_secops_load_definitions(cf, mcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_inherit_retention(cf, mcf);

    return NGX_CONF_OK;
}


static void *
ngx_http_secops_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_secops_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_secops_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->public_url = NULL;
     *     conf->store = { NULL };
     *     conf->limits = { NULL };
     */

    conf->groups = NGX_CONF_UNSET_UINT;

    ngx_secops_redis_create_conf(&conf->redis);

    ngx_http_secops_create_identity(&conf->identity);

    conf->secrets = NGX_CONF_UNSET_PTR;
    conf->max_depth = NGX_CONF_UNSET;
    conf->max_batch = NGX_CONF_UNSET;
    conf->max_resources = NGX_CONF_UNSET_UINT;
    conf->max_resources_bytes = NGX_CONF_UNSET_SIZE;
    conf->scan_records = NGX_CONF_UNSET_UINT;
    conf->scan_time = NGX_CONF_UNSET_MSEC;
    conf->audit_maxlen = NGX_CONF_UNSET;
    conf->event_queue = NGX_CONF_UNSET;
    conf->store.retention = NGX_CONF_UNSET;

    return conf;
}


static char *
ngx_http_secops_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_secops_loc_conf_t *prev = parent;
    ngx_http_secops_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_secops_main_conf_t  *mcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->groups == NGX_CONF_UNSET_UINT) {

        conf->groups = 0;

        /* "if" and "limit_except" are the location that they stand in */

        if (clcf->noname && prev->groups && clcf->handler == NULL) {
            conf->groups = prev->groups;
            clcf->handler = ngx_http_secops_handler;
        }
    }

    ngx_conf_merge_ptr_value(conf->secrets, prev->secrets, NULL);
    ngx_conf_merge_value(conf->max_depth, prev->max_depth, 64);
    ngx_conf_merge_value(conf->max_batch, prev->max_batch, 1000);
    ngx_conf_merge_uint_value(conf->max_resources, prev->max_resources, 5000);
    ngx_conf_merge_size_value(conf->max_resources_bytes,
                              prev->max_resources_bytes, 16 * 1024 * 1024);
    ngx_conf_merge_uint_value(conf->scan_records, prev->scan_records, 200000);
    ngx_conf_merge_msec_value(conf->scan_time, prev->scan_time, 10000);
    ngx_conf_merge_value(conf->audit_maxlen, prev->audit_maxlen, 1000000);
    ngx_conf_merge_value(conf->event_queue, prev->event_queue, 100000);
    ngx_conf_merge_value(conf->store.retention, prev->store.retention,
                         SECOPS_TABLE_NOT_SAID);
    ngx_conf_merge_str_value(conf->store.prefix, prev->store.prefix, "secops");

    if (conf->public_url == NULL) {
        conf->public_url = prev->public_url;
    }

    ngx_http_secops_merge_limits(prev, conf);

    ngx_secops_redis_merge_conf(&prev->redis, &conf->redis);

    if (ngx_http_secops_merge_identity(cf, &prev->identity, &conf->identity)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_warn_unserved(cf, conf);

    if (conf->groups == 0 || conf->groups == NGX_HTTP_SECOPS_ERRORS) {
        return NGX_CONF_OK;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);

    ngx_http_secops_init_retention(mcf, conf);
    ngx_http_secops_check_secrets(cf, mcf, conf);

    if (ngx_http_secops_init_store(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    /* the readiness probe alone may be for everybody */

    if (conf->groups == NGX_HTTP_SECOPS_HEALTH
        && (conf->identity.methods == NULL
            || conf->identity.methods->nelts == 0))
    {
        return NGX_CONF_OK;
    }

    conf->identity.store = &conf->store;
    conf->identity.all_api_keys = &mcf->api_keys;
    conf->identity.maps = &mcf->maps;

    if (ngx_http_secops_init_identity(cf, &conf->identity) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_check_limits(cf, mcf, conf);

    return NGX_CONF_OK;
}
