/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil doctor`: what this machine has, and what will therefore work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavutil/avutil.h>
#include <libavutil/cpu.h>
#include <libavutil/opt.h>
#include <libavutil/mem.h>
#include <sodium.h>

#include "cmd.h"
#include "filters/detector.h"
#include "filters/filter.h"
#include "models.h"
#include "recogniser.h"
#include "sandbox.h"
#include "version.h"

typedef struct DoctorOptions {
    bool filters;
} DoctorOptions;

static const VeilOpt options[] = {
    { "filters", 0, VEIL_OPT_FLAG, offsetof(DoctorOptions, filters), NULL, "list veil's filters and their options" },
    { NULL }
};

static void show_filters(void)
{
    for (int i = 0; veil_filters[i]; i++) {
        const VeilFilter *f = veil_filters[i];
        const AVOption *o = NULL;

        printf("%s: %s\n", f->name, f->description);
        while ((o = av_opt_next(&f->priv_class, o))) {
            if (o->type == AV_OPT_TYPE_CONST)
                printf("      %-10s %s\n", o->name, o->help);
            else if (o->type == AV_OPT_TYPE_INT || o->type == AV_OPT_TYPE_DOUBLE)
                printf("  %-12s %s (%g to %g)\n", o->name, o->help, o->min, o->max);
            else
                printf("  %-12s %s\n", o->name, o->help);
        }
    }
}

static void show_versions(void)
{
    printf("veil         %s\n", VEIL_VERSION);
    printf("ffmpeg       %s (built %s)\n", av_version_info(), avutil_license());
    printf("libsodium    %s\n", sodium_version_string());
}

static void show_processor(void)
{
    static const struct {
        int flag;
        const char *name;
    } sets[] = { { AV_CPU_FLAG_AVX2, "avx2" }, { AV_CPU_FLAG_FMA3, "fma" }, { AV_CPU_FLAG_AVX512, "avx512" },
                 { AV_CPU_FLAG_NEON, "neon" } };
    const int flags = av_get_cpu_flags();

    printf("processor    %d cores", av_cpu_count());
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        if (flags & sets[i].flag)
            printf(", %s", sets[i].name);
    putchar('\n');
}

static bool show_detectors(void)
{
    bool any = false;

    for (int i = 0; veil_detectors[i]; i++) {
        const VeilDetectorBackend *d = veil_detectors[i];
        char path[4096];
        const int ret = d->model ? veil_models_lend(NULL, d->model, path, sizeof(path), NULL) : 0;

        any |= ret >= 0 && !d->last_resort;
        printf("detector     %-8s %s: %s\n", d->name, d->description,
               ret >= 0                      ? "works"
               : ret == AVERROR_INVALIDDATA ? "its model file was altered; 'veil models fetch' gets it anew"
                                             : "no model file; 'veil models fetch' gets it");
    }
    return any;
}

static void show_matchers(void)
{
    VeilCalibrations *all = NULL;

    if (veil_calibrations_read(&all, NULL) < 0)
        return;
    for (int i = 0; veil_matchers[i]; i++) {
        const VeilMatcherBackend *m = veil_matchers[i];
        char path[4096], digest[VEIL_DIGEST_HEX];
        VeilMatcherConfig c;
        const bool there = veil_recogniser_locate(m, &c, path, sizeof(path), digest) >= 0;

        printf("matcher      %-13s %s: %s\n", m->name, m->description,
               !there                                                        ? "no model file"
               : veil_calibrations_find(all, -1, m->name, digest) < 0 ? "no measured threshold, so it is refused"
               : m->demonstration                                            ? "works, for demonstrations only"
                                                                             : "works");
    }
    free(all);
}

static void show_encoders(void)
{
    static const char *const names[] = { "libx264", "libx265", "libvpx-vp9", "libsvtav1", "prores_ks" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        printf("encoder      %-10s %s\n", names[i], avcodec_find_encoder_by_name(names[i]) ? "works" : "not in this ffmpeg");
}

static int do_nothing(void *opaque)
{
    (void)opaque;
    return 0;
}

/* Opened faces are decoded in one, or not at all. */
static void show_sandbox(void)
{
    const VeilSandboxLimits limits = { (size_t)64 << 20, 1 };
    VeilSandbox s;
    const int ret = veil_sandbox_start(&s, &limits, do_nothing, NULL);

    printf("sandbox      %s\n", ret >= 0 ? "works" : "this system has no seccomp filter: 'veil open' will not decode here");
    veil_sandbox_stop(&s);
}

static void show_limits(void)
{
    struct rlimit lock;

    if (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur != RLIM_INFINITY)
        printf("locked memory %llu KiB\n", (unsigned long long)lock.rlim_cur / 1024);
}

static int run(int argc, char **argv)
{
    DoctorOptions o = { 0 };
    char **operands = av_calloc((size_t)argc + 1, sizeof(*operands));
    const int n = operands ? veil_opts_parse(&o, options, argc, argv, operands) : -1;
    bool works = true;

    av_free(operands);
    if (n < 0 || sodium_init() < 0)
        return VEIL_EXIT_ERROR;
    if (o.filters) {
        show_filters();
        return VEIL_EXIT_DONE;
    }
    show_versions();
    show_processor();
    works = show_detectors();
    show_matchers();
    show_encoders();
    show_sandbox();
    show_limits();
    return works ? VEIL_EXIT_DONE : VEIL_EXIT_NO;
}

const VeilCommand veil_cmd_doctor = {
    .name = "doctor",
    .summary = "what this machine has, and what will work here",
    .usage = "doctor [--filters]",
    .opts = options,
    .run = run,
};
