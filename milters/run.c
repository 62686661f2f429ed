/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/milter.h"

#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "milters/control.h"
#include "milters/glue.h"
#include "milters/listener.h"
#include "milters/metrics.h"
#include "milters/watch.h"

/*
 * A daemon's life. libmilter waits for HUP, TERM and INT itself and cuts all
 * sessions on any of them, so the orderly ways are other signals, for which a
 * thread of ours waits: USR1 reloads, USR2 stops when the messages at work
 * are done. All other threads have all signals blocked. The same thread
 * reloads when alias files change, for a daemon that wants that.
 */

enum {
	STOP_SECONDS = 30,
	STATUS_MS = 5000,
	/* Changes come in groups: so long they gather before they are read. */
	GATHER_MS = 200,
	/* Of a storm of changes, one part in so many goes into reading them. */
	REST_FACTOR = 5,
	STATUS_SIZE = 256,
	/* Each session has one; the rest is for files, log and stdio. */
	DESCRIPTORS_SPARE = 64,
};

struct run {
	const struct milter *milter;
	const char *directory;
	int listener;
	int signals; /* signalfd */
	struct watch *watch;
	int64_t due; /* when changes are to be read; 0: there are none */
	int64_t rested;
};

static void notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	sd_notify(0, state);
#else
	(void)state;
#endif
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void notify_status(const struct milter *milter)
{
	char text[STATUS_SIZE] = "WATCHDOG=1\nSTATUS=";
	size_t n = strlen(text);

	metrics_format(milter, text + n, sizeof(text) - n);
	notify(text);
}

/* A snapshot that can be worked with, or the reason why there is none. */
static enum result load(const struct run *run, struct snapshot **snapshot,
			char **error)
{
	enum result result =
		snapshot_load(run->milter, run->directory, snapshot, error);

	if (result != OK)
		return result;
	result = snapshot_open_dns(run->milter, *snapshot, error);
	if (result != OK)
		snapshot_put(*snapshot);
	return result;
}

/* Whole or not at all: a fault leaves what is in force in force. */
static void reload(struct run *run)
{
	const int64_t start = monotonic_ms();
	struct snapshot *new;
	char message[64];
	char *error;

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)start * 1000);
	notify(message);
	watch_renew(run->watch);
	watch_take(run->watch);
	if (load(run, &new, &error) == OK) {
		snapshot_set(new);
		metrics_reload(false);
		log_info("reloaded: %zu domains", new->domains.n);
	} else {
		metrics_reload(true);
		log_error("not reloaded, the old configuration stays: %s",
			  error);
		free(error);
	}
	notify("READY=1");
	run->due = 0;
	run->rested = monotonic_ms();
	run->rested += (run->rested - start) * (REST_FACTOR - 1);
}

static void wait_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/*
 * libmilter writes the reply to an end of message after our callback is
 * back, so the last message is done only when none has been at work for a
 * while. Never smfi_stop: it cuts sessions.
 */
static void stop(const struct run *run)
{
	enum { STEP_MS = 10, QUIET_MS = 100 };
	int quiet = 0;

	listener_close(run->listener);
	glue_drain();
	notify("STOPPING=1");
	log_info("stopping when %lld messages are done",
		 (long long)metrics_messages_at_work());
	for (int ms = 0; ms < STOP_SECONDS * 1000 && quiet < QUIET_MS;
	     ms += STEP_MS) {
		wait_ms(STEP_MS);
		quiet = metrics_messages_at_work() ? 0 : quiet + STEP_MS;
	}
	log_info("stopped");
	_exit(EX_OK);
}

static void take_signal(struct run *run)
{
	struct signalfd_siginfo signal;

	if (read(run->signals, &signal, sizeof(signal)) != sizeof(signal))
		return;
	if (signal.ssi_signo == SIGUSR1)
		reload(run);
	else
		stop(run);
}

/* While changes gather nobody looks at them, so a storm costs nothing. */
static void await(struct run *run)
{
	struct pollfd polled[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .fd = run->due ? -1 : watch_descriptor(run->watch),
		  .events = POLLIN },
	};
	int64_t wait = run->due - monotonic_ms();

	if (!run->due || wait > STATUS_MS)
		wait = STATUS_MS;
	if (poll(polled, 2, wait > 0 ? (int)wait : 0) <= 0)
		return;
	if (polled[1].revents) {
		run->due = monotonic_ms() + GATHER_MS;
		if (run->due < run->rested)
			run->due = run->rested;
	}
	if (polled[0].revents)
		take_signal(run);
}

static void *wait_for_signals(void *context)
{
	struct run *run = context;

	for (;;) {
		await(run);
		if (run->due && run->due <= monotonic_ms()) {
			run->due = 0;
			if (watch_take(run->watch))
				reload(run);
		}
		notify_status(run->milter);
	}
	return NULL;
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

/* Room for descriptors, or fewer sessions: at the limit libmilter spins. */
static bool check_descriptors(const struct milter *milter,
			      const struct runtime_settings *runtime)
{
	const int64_t need = runtime->max_connections + DESCRIPTORS_SPARE +
			     (milter->dns ? RESOLVER_DESCRIPTORS : 0);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return true;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if ((rlim_t)need <= limit.rlim_cur)
		return true;
	log_error("max_connections = %lld needs %lld open files, the limit "
		  "is %lld",
		  (long long)runtime->max_connections, (long long)need,
		  (long long)limit.rlim_cur);
	return false;
}

/* The control socket is served where there is one. */
static bool open_control(const struct run *run, struct snapshot *snapshot)
{
	const char *error;
	int fd = listener_open_control(&snapshot->runtime, snapshot->arena,
				       &error);

	if (fd < 0 && error)
		log_error("%s", error);
	if (fd < 0)
		return !error;
	if (control_start(run->milter, fd))
		return true;
	log_error("can't make a thread");
	return false;
}

static int serve(struct run *run)
{
	const struct runtime_settings *runtime;
	struct snapshot *snapshot;
	const char *error;
	char *fault;
	pthread_t thread;

	/* An arena of malloc for each thread would keep memory for peaks. */
	mallopt(M_ARENA_MAX, 2);
	if (run->milter->watch)
		run->watch = watch_new(run->directory);
	if (load(run, &snapshot, &fault) != OK) {
		log_error("%s", fault);
		free(fault);
		return EX_CONFIG;
	}
	snapshot_set(snapshot); /* which it belongs to from here on */
	runtime = &snapshot->runtime;
	if (!check_descriptors(run->milter, runtime))
		return EX_CONFIG;
	run->listener = listener_open(runtime, snapshot->arena, &error);
	if (run->listener < 0) {
		log_error("%s", error);
		return EX_CONFIG;
	}
	if (!open_control(run, snapshot))
		return EX_CONFIG;
	if (!glue_open(run->milter, run->listener)) {
		log_error("libmilter does not take the socket");
		return EX_OSERR;
	}
	run->signals = open_signals();
	if (run->signals < 0 ||
	    pthread_create(&thread, NULL, wait_for_signals, run) != 0) {
		log_error("can't make a thread for signals");
		return EX_OSERR;
	}
	log_info("ready: version %s, %zu domains", PACKAGE_VERSION,
		 snapshot->domains.n);
	notify("READY=1");
	notify_status(run->milter);
	if (glue_serve())
		return EX_OK;
	log_error("libmilter ended");
	return EX_OSERR;
}

static void usage(const struct milter *milter, FILE *to)
{
	fprintf(to,
		"usage: %s [-fTV] [-c DIRECTORY]\n\n%s\n\n"
		"  -c DIRECTORY  the configuration (default " CONFIG_DIRECTORY
		")\n"
		"  -f            log to stderr instead of syslog\n"
		"  -T            check the configuration, print all settings\n"
		"  -V            print the version\n",
		milter->name, milter->summary);
}

int milter_run(const struct milter *milter, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	static struct run run = { .directory = CONFIG_DIRECTORY };
	bool to_stderr = false, test = false;
	struct snapshot *snapshot;
	char *error;
	int option, status;

	run.milter = milter;
	while ((option = getopt_long(argc, argv, "c:fhTV", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'c':
			run.directory = optarg;
			break;
		case 'f':
			to_stderr = true;
			break;
		case 'T':
			test = to_stderr = true;
			break;
		case 'V':
			printf("%s %s\n", milter->name, PACKAGE_VERSION);
			return EX_OK;
		case 'h':
			usage(milter, stdout);
			return EX_OK;
		default:
			usage(milter, stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		usage(milter, stderr);
		return EX_USAGE;
	}
	block_signals();
	log_open(milter->name, to_stderr);
	if (crypto_init() != OK) {
		log_error("OpenSSL has no SHA-256");
		return EX_SOFTWARE;
	}
	if (!test)
		return serve(&run);
	if (snapshot_load(milter, run.directory, &snapshot, &error) != OK) {
		log_error("%s", error);
		free(error);
		return EX_CONFIG;
	}
	if (!snapshot->domains.n_faults)
		snapshot_print(milter, snapshot);
	status = snapshot->domains.n_faults ? EX_CONFIG : EX_OK;
	snapshot_put(snapshot);
	return status;
}
