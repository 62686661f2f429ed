# SPDX-License-Identifier: BSD-2-Clause
PLAYER = tests/play/play
EXTRA_PROGRAMS += $(PLAYER)

tests_play_play_SOURCES = \
	tests/play/message.c \
	tests/play/message.h \
	tests/play/play.c \
	tests/play/play.h \
	tests/play/script.c \
	tests/play/script.h \
	tests/play/step_message.c \
	tests/play/step_session.c \
	tests/play/transcript.c \
	tests/play/transcript.h \
	tests/play/wire.c \
	tests/play/wire.h \
	tests/play/wire_event.c
tests_play_play_LDADD =
