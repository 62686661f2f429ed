/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_library.h"

/* What this build does without is NULL, and refused by the settings. */
#ifndef HAVE_LIBSPF2
#define engine_libspf2_helo NULL
#define engine_libspf2_mail_from NULL
#endif
#ifndef HAVE_LIBOPENDMARC
#define engine_libopendmarc_check NULL
#endif

const char *const engine_spf_names[] = { "native", "libspf2", NULL };
const char *const engine_dmarc_names[] = { "native", "libopendmarc", NULL };

const struct engine_spf engine_spf[ENGINES] = {
	{ "native", spf_check_helo, spf_check_mail_from },
	{ "libspf2", engine_libspf2_helo, engine_libspf2_mail_from },
};

const struct engine_dmarc engine_dmarc[ENGINES] = {
	{ "native", dmarc_check },
	{ "libopendmarc", engine_libopendmarc_check },
};
