/*
 * receiver [-tell BITS] PATH: prints each message that comes over the channel
 * of the key path PATH as a line, until the sender has finished.
 *
 *   -tell BITS   leaks a row of 0 and 1 to the sender: with the first message
 *                the first bit, and so on
 *
 * Exit codes: 0 the sender has finished, 1 trouble, 3 the channel has been
 * removed, 4 the sender broke the protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

#include "channel.h"

enum { TELL_MS = 100, MAX_MESSAGE = 1 << 20, MAX_SLOT = 1 << 30 };

static const char *bits = ""; /* what is left to be told */

static const volatile uint8_t *slot;
static uint64_t slot_size;

/* What the next message from the queue must be. Before the first chunk, of all
 * or after BEGIN, what a NOOP says is no business of ours. */
static enum { ANY, CHUNK, NOOP1, NOOP2 } expected = ANY;
static int knows_sequence; /* a DATA or BEGIN has come */
static uint64_t sequence;  /* of the next DATA, if it is known */
static int whole;          /* a message is in progress, and its beginning was seen */
static int first_seen;     /* a message has begun since this receiver did */

static char *text; /* the message in progress */
static size_t length;

/* Whoever lies once is not believed again. */
static _Noreturn void refuse(const char *why)
{
	fprintf(stderr, "receiver: the sender broke the protocol: %s\n", why);
	exit(VIOLATION);
}

/* Held against the protocol, not against what would be convenient: the sender
 * can write anything here, at any time. */
static void check_header(const struct sipc_header *h)
{
	static const uint8_t magic[8] = SIPC_MAGIC;
	if (memcmp(h->magic, magic, sizeof magic) != 0)
		refuse("this is no channel");
	if (h->mode != SIPC_STRICT || h->capacity != 1 || h->slots != 1)
		refuse("the channel is not in strict mode");
	if (h->flags != 0 || h->quantum != 0 || h->hold != 0 || h->zero != 0)
		refuse("the header says what it may not in strict mode");
	if (h->slot_offset != SIPC_HEADER_SIZE)
		refuse("the slot is not behind the header");
	if (h->slot_size == 0 || h->slot_size % SIPC_SLOT_UNIT != 0 || h->slot_size > MAX_SLOT)
		refuse("the slot's size");
}

/* Opens what the helper has made, for reading only. shmget says EINVAL if the
 * segment is smaller than what is asked for: so its true size is known without
 * the right to IPC_STAT. */
static int open_channel(const char *path)
{
	key_t key = key_of(path, SIPC_SEGMENT);
	int queue = msgget(key_of(path, SIPC_QUEUE), 0);
	int segment = shmget(key, 0, 0);
	if (queue < 0 || segment < 0) {
		fprintf(stderr, "receiver: no channel at %s: %s\n", path, strerror(errno));
		exit(TROUBLE);
	}
	if (shmget(key, SIPC_HEADER_SIZE, 0) != segment)
		refuse("the segment is smaller than the header");
	const void *memory = shmat(segment, NULL, SHM_RDONLY);
	if (memory == (void *)-1)
		fail("attach the segment");
	struct sipc_header header; /* our own copy: what is checked is what is used */
	memcpy(&header, memory, sizeof header);
	check_header(&header);
	if (shmget(key, SIPC_HEADER_SIZE + header.slot_size, 0) != segment)
		refuse("the segment is smaller than the header says");
	slot = (const uint8_t *)memory + SIPC_HEADER_SIZE;
	slot_size = header.slot_size;
	return queue;
}

static void check_sequence(uint64_t given)
{
	if (knows_sequence && given != sequence)
		refuse("a sequence is not the next one");
}

/* A chunk without FIRST is welcome only inside a message; before the first
 * FIRST that this receiver has seen, it belongs to a message that another
 * receiver began to take. */
static void check_chunk(const struct sipc_message *m)
{
	int first = (m->flags & SIPC_FIRST) != 0, last = (m->flags & SIPC_LAST) != 0;
	check_sequence(m->sequence);
	if (m->flags & ~(uint32_t)(SIPC_FIRST | SIPC_LAST))
		refuse("unknown flags");
	if (m->checksum != 0)
		refuse("a checksum, where the channel has none");
	if (m->length > slot_size)
		refuse("a chunk is longer than the slot");
	if (m->length == 0 && !(first && last))
		refuse("an empty chunk inside a message");
	if (whole && first)
		refuse("a message begins inside another");
	if (!whole && !first && first_seen)
		refuse("a message without a beginning");
}

static void print(void)
{
	fwrite(text, 1, length, stdout);
	putchar('\n');
	if (fflush(stdout) != 0) {
		perror("receiver: standard output");
		exit(TROUBLE);
	}
}

/* Copies the chunk once and uses only the copy. */
static void keep_chunk(const struct sipc_message *m)
{
	if (m->flags & SIPC_FIRST) {
		whole = first_seen = 1;
		length = 0;
	}
	if (!whole)
		return;
	if (m->length > MAX_MESSAGE - length)
		refuse("a message is too long");
	text = realloc(text, length + m->length + 1);
	if (text == NULL) {
		perror("receiver");
		exit(TROUBLE);
	}
	memcpy(text + length, (const void *)slot, m->length);
	length += m->length;
	if (m->flags & SIPC_LAST) {
		whole = 0;
		print();
	}
}

/* The sender waits with its next word until NOOP-1 is taken. */
static void tell(void)
{
	if (*bits != '\0' && *bits++ == '1')
		pause_ms(TELL_MS);
}

static void data(const struct sipc_message *m)
{
	if (expected != CHUNK && expected != ANY)
		refuse("a chunk before the one before was released");
	check_chunk(m);
	knows_sequence = 1;
	sequence = m->sequence + 1;
	keep_chunk(m); /* read first: the next take releases the slot */
	tell();
	expected = NOOP1;
}

static void noop(const struct sipc_message *m)
{
	if (expected == ANY)
		return;
	if (m->sequence != sequence - 1)
		refuse("a NOOP of another chunk");
	if (m->type == SIPC_NOOP1 && expected == NOOP1)
		expected = NOOP2;
	else if (m->type == SIPC_NOOP2 && expected == NOOP2)
		expected = CHUNK;
	else
		refuse("a NOOP out of turn");
}

/* Another sender: what the one before left unfinished is forgotten. */
static void another(const struct sipc_message *m)
{
	expected = ANY;
	knows_sequence = first_seen = 1;
	sequence = m->sequence;
	whole = 0;
}

/* The sender has nothing to send, for now or for good. */
static void idle(const struct sipc_message *m)
{
	if (expected != CHUNK && expected != ANY)
		refuse("a NOOP is missing");
	check_sequence(m->sequence);
	if (m->type == SIPC_END && whole)
		refuse("a message without an end");
}

/* Handles one message from the queue. Says whether it was the last. */
static int handle(const struct sipc_message *m)
{
	if (m->zero != 0 || (m->type != SIPC_DATA && (m->length != 0 || m->flags != 0 || m->checksum != 0)))
		refuse("something that must be 0 is not");
	switch (m->type) {
	case SIPC_DATA:
		data(m);
		return 0;
	case SIPC_NOOP1:
	case SIPC_NOOP2:
		noop(m);
		return 0;
	case SIPC_BEGIN:
		another(m);
		return 0;
	case SIPC_ALIVE:
	case SIPC_END:
		idle(m);
		return m->type == SIPC_END;
	}
	refuse("an unknown message");
}

int main(int argc, char **argv)
{
	struct sipc_message message;
	if (argc == 4 && strcmp(argv[1], "-tell") == 0) {
		bits = argv[2];
	} else if (argc != 2) {
		fprintf(stderr, "usage: receiver [-tell BITS] PATH\n");
		return TROUBLE;
	}
	report_on_usr1("receiver");
	int queue = open_channel(argv[argc - 1]);
	do {
		if (take(queue, &message) != SIPC_BODY_SIZE)
			refuse("a message of another size");
	} while (!handle(&message));
	free(text);
	return 0;
}
