
/*
 * What events need to know of a job: who may send some, what a bucket is made
 * of, which labels there are, and when the labels of a bucket are a decision.
 * It is read out of the stored documents of the job and of the integrations
 * that its pipeline names.  Pure C.
 */

#ifndef _SECOPS_JOB_FACTS_H_INCLUDED_
#define _SECOPS_JOB_FACTS_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


/* digits of a job's id, which is a positive integer */

#define SECOPS_JOB_ID_MAX  18


typedef struct {
    secops_slice_t            id;           /* "label_0" */
    secops_slice_t            name;
} secops_job_facts_label_t;


/* all slices and arrays lie in the same memory as the struct, which is freed
   as one; text is UTF-8, as it was sent */

typedef struct {
    size_t                    size;         /* bytes of it all */
    int64_t                   id;
    secops_slice_t            title;
    secops_slice_t            category;     /* spelled as in the catalog */
    int                       enabled;      /* it was started */
    uint64_t                  stopped_at;   /* last, in milliseconds since the
                                               epoch; 0: never */
    uint64_t                  generation;   /* trainings so far */
    uint64_t                  trained_feedback;  /* that there was at the last
                                                    training */

    /* decisions by buckets */

    int                       buckets;      /* 1: its category has them */
    int                       consensus;    /* 1: and its pipeline has the
                                               processor, enabled: labels of a
                                               bucket may be a decision */
    uint64_t                  min_feedback;
    double                    confidence_threshold;  /* per cent */
    int                       auto_retrain;  /* 1: feedback counts at once */

    secops_job_facts_label_t *labels;       /* in the order of the job */
    size_t                    nlabels;
    secops_slice_t           *points;       /* decision points: dotted paths */
    size_t                    npoints;
    secops_slice_t           *keys;         /* ids of its input keys */
    size_t                    nkeys;
} secops_job_facts_t;


/* an integration that the job's document names, as it is stored */

typedef struct {
    secops_slice_t            id;
    secops_slice_t            document;
} secops_job_facts_input_t;


/* 0: the text is the decimal form of a job's id, without leading zeros; -1: it
   is no such id */

int secops_job_id_read(int64_t *id, secops_slice_t text);


/*
 * The facts of the job with this document; to be freed.  Integrations that are
 * no inputs of the job do not matter.  NULL: *reason says what is wrong with a
 * document, as the end of a sentence; or it is NULL, and there was no memory.
 */

secops_job_facts_t *secops_job_facts_create(int64_t id,
    secops_slice_t document, const secops_job_facts_input_t *inputs, size_t n,
    const char **reason);
void secops_job_facts_free(secops_job_facts_t *facts);


/* 1: the api key with this id is one of the job's input keys */

int secops_job_facts_has_key(const secops_job_facts_t *facts,
    secops_slice_t id);


#endif /* _SECOPS_JOB_FACTS_H_INCLUDED_ */
