/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/inquiry.h"

#include "mail/limits.h"

struct question {
	LIST_ENTRY(question) link;
	struct str name;
	enum dns_type type;
	bool is_final;
	struct dns_answer answer; /* once it is final */
	struct answers_waiter waiter;
};

LIST_HEAD(questions, question);

struct inquiry {
	struct resolver *resolver;
	struct arena *arena;
	struct dns_resolver dns;
	struct questions questions;
	struct answers_listener listener;
	bool is_missing; /* something, since the last wait */
	size_t missing;	 /* answers, since the inquiry began */
	int64_t left_ms;
};

static const struct dns_answer temporary = { .status = DNS_TEMPORARY };

static void settle(struct question *question, struct dns_answer answer)
{
	question->is_final = true;
	question->answer = answer;
}

/* Takes over the answer; NULL: there is none yet. */
static void receive(struct inquiry *inquiry, struct question *question,
		    struct answer *answer)
{
	if (!answer) {
		question->answer = temporary;
		inquiry->is_missing = true;
		inquiry->missing++;
		return;
	}
	settle(question, answer_copy(answer, inquiry->arena));
	answer_put(answer);
}

static void ask(struct inquiry *inquiry, struct question *question)
{
	struct answers_waiter *waiter = &question->waiter;
	struct answer *answer = NULL;

	waiter->listener = &inquiry->listener;
	switch (resolver_ask(inquiry->resolver, question->name, question->type,
			     waiter)) {
	case ANSWERS_FULL:
		settle(question, temporary);
		return;
	case ANSWERS_HERE:
		answer = waiter->answer;
		waiter->answer = NULL;
		break;
	case ANSWERS_COMING:
	case ANSWERS_TO_ASK:
		break;
	}
	receive(inquiry, question, answer);
}

static struct question *find(struct inquiry *inquiry, struct str name,
			     enum dns_type type)
{
	struct question *question;

	LIST_FOREACH(question, &inquiry->questions, link)
	if (question->type == type && str_eq(question->name, name))
		return question;
	return NULL;
}

static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	struct inquiry *inquiry = context;
	struct question *question;
	char lower[LIMIT_DOMAIN];

	(void)arena;
	if (!dns_is_name(name)) {
		*answer = (struct dns_answer){ .status = DNS_NO_NAME };
		return;
	}
	for (size_t i = 0; i < name.n; i++)
		lower[i] = str_lower_byte(name.p[i]);
	name.p = lower;
	question = find(inquiry, name, type);
	if (!question) {
		question = ARENA_NEW(inquiry->arena, struct question, 1);
		question->name = arena_copy(inquiry->arena, name);
		question->type = type;
		LIST_INSERT_HEAD(&inquiry->questions, question, link);
		ask(inquiry, question);
	} else if (!question->is_final) {
		receive(inquiry, question,
			answers_take(resolver_answers(inquiry->resolver),
				     &question->waiter));
	}
	*answer = question->answer;
}

struct inquiry *inquiry_begin(struct resolver *resolver, struct arena *arena,
			      int64_t budget_ms)
{
	struct inquiry *inquiry = ARENA_NEW(arena, struct inquiry, 1);

	inquiry->resolver = resolver;
	inquiry->arena = arena;
	inquiry->dns = (struct dns_resolver){ query, inquiry };
	inquiry->left_ms = budget_ms > 0 ? budget_ms : 0;
	answers_listener_begin(&inquiry->listener);
	return inquiry;
}

/* What has no answer so far gets none within this inquiry. */
static void give_up(struct inquiry *inquiry)
{
	struct answers *answers = resolver_answers(inquiry->resolver);
	struct question *question;

	LIST_FOREACH(question, &inquiry->questions, link)
	{
		if (question->is_final)
			continue;
		answers_leave(answers, &question->waiter);
		settle(question, temporary);
	}
}

void inquiry_end(struct inquiry *inquiry)
{
	if (!inquiry)
		return;
	give_up(inquiry);
	answers_listener_end(&inquiry->listener);
}

const struct dns_resolver *inquiry_resolver(struct inquiry *inquiry)
{
	return &inquiry->dns;
}

bool inquiry_wait(struct inquiry *inquiry)
{
	int64_t begin;
	bool has_news;

	if (!inquiry->is_missing)
		return false;
	inquiry->is_missing = false;
	begin = resolver_now();
	has_news = answers_wait(resolver_answers(inquiry->resolver),
				&inquiry->listener, begin + inquiry->left_ms);
	inquiry->left_ms -= resolver_now() - begin;
	if (!has_news)
		give_up(inquiry);
	return has_news;
}

size_t inquiry_missing(const struct inquiry *inquiry)
{
	return inquiry->missing;
}

bool inquiry_is_late(const struct inquiry *inquiry)
{
	return inquiry->left_ms <= 0;
}
