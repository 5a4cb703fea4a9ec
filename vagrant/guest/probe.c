/*
 * probe: does what the agent asks, in a subject's place. It is trusted, and
 * has no right beyond the subject's: it runs as the subject's user in the
 * subject's domain, so what it is denied, the student's program would be.
 *
 *   probe try OP PATH       waits for the word to go, attempts one operation
 *                           and prints the errno's name (or "-") and its own
 *                           SELinux context
 *   probe sysv KIND OP ID KEY UID GID MODE QBYTES
 *                           the same for a System V object, of which the agent
 *                           tells what the subject may not find out by itself
 *   probe act ACTOR ARGS…   plays one part of an exchange; prints "ready" on
 *                           stderr when it is set up
 *
 * It is C, and linked statically, because dozens of it are started for every
 * submission: under emulation a start takes a fifth of what a program with a
 * larger runtime takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *format, ...)
{
	int why = errno;
	va_list args;
	va_start(args, format);
	fprintf(stderr, "probe: ");
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, why ? ": %s\n" : "\n", strerror(why));
	exit(1);
}

static _Noreturn void misused(const char *what)
{
	errno = 0;
	fail("wrong use of %s", what);
}

static void ready(void)
{
	if (write(STDERR_FILENO, "ready\n", 6) != 6)
		fail("say that all is set up");
}

/* Writes all of it, past the buffer of stdio. */
static void put(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, data, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			fail("write");
		data += done;
		length -= (size_t)done;
	}
}

/* ---- try ---------------------------------------------------------------- */

/* ENXIO is what a FIFO without a reader answers to O_WRONLY after every
 * permission check has passed (fifo(7)). */
static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENXIO ? 0 : -1;
	return close(fd);
}

static int try_stat(const char *path)
{
	struct stat st;
	return lstat(path, &st);
}

/* Sets the mode that the object already has. */
static int try_chmod(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return -1;
	return chmod(path, st.st_mode & 07777);
}

/* A name of our own in the directory of path. */
static const char *hidden_name(const char *path)
{
	static char name[PATH_MAX + 32];
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", path);
	snprintf(name, sizeof name, "%s/.probe-%ld", dirname(copy), (long)getpid());
	return name;
}

/* Takes the name away and gives it back. */
static int try_rename(const char *path)
{
	const char *hidden = hidden_name(path);
	if (rename(path, hidden) != 0)
		return -1;
	return rename(hidden, path);
}

static int try_create(const char *path)
{
	const char *hidden = hidden_name(path);
	if (mkfifo(hidden, 0600) != 0)
		return -1;
	return unlink(hidden);
}

/* Does the operation, and undoes what it changed. */
static int attempt(const char *op, const char *path)
{
	if (strcmp(op, "read") == 0)
		return try_open(path, O_RDONLY);
	if (strcmp(op, "write") == 0)
		return try_open(path, O_WRONLY);
	if (strcmp(op, "append") == 0)
		return try_open(path, O_WRONLY | O_APPEND);
	if (strcmp(op, "rdwr") == 0)
		return try_open(path, O_RDWR);
	if (strcmp(op, "getattr") == 0)
		return try_stat(path);
	if (strcmp(op, "setattr") == 0)
		return try_chmod(path);
	if (strcmp(op, "unlink") == 0)
		return try_rename(path);
	if (strcmp(op, "create") == 0)
		return try_create(path);
	misused("try: no such operation");
}

/* The SELinux context that this process has; "?" on a system without. */
static const char *own_context(void)
{
	static char context[4096];
	int fd = open("/proc/thread-self/attr/current", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, context, sizeof context - 1);
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return "?";
	context[got] = '\0';
	context[strcspn(context, "\n")] = '\0';
	return context;
}

/* What the start of this program was denied is no evidence of anything: so it
 * waits, when it is set up, for the word. */
static void wait_for_the_word(void)
{
	char word[3];
	size_t have = 0;
	put(STDOUT_FILENO, "ready\n", 6);
	while (have < sizeof word) {
		ssize_t got = read(STDIN_FILENO, word + have, sizeof word - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			exit(1); /* the agent wants no attempt any more */
		have += (size_t)got;
	}
	if (memcmp(word, "go\n", sizeof word) != 0)
		misused("try: told something else than to go");
}

/* Tells what an attempt came to; errno is the one that it left. */
static void answer(int result, const char *context)
{
	char line[4200];
	const char *name = result == 0 ? "-" : strerrorname_np(errno);
	int length = snprintf(line, sizeof line, "%s %s\n", name ? name : "EUNKNOWN", context);
	put(STDOUT_FILENO, line, (size_t)length);
}

static void try(const char *op, const char *path)
{
	const char *context = own_context();
	wait_for_the_word();
	errno = 0;
	answer(attempt(op, path), context);
}

/* ---- sysv --------------------------------------------------------------- */

/* What the agent tells of the object. */
struct target {
	int id;
	key_t key; /* for "create" a key that is free */
	struct ipc_perm perm;
	unsigned long qbytes;
};

/* The type of the messages that the agent puts into a queue and takes back. */
#define PROBE_TYPE 0x6970636c
#define PROBE_SIZE 24

/* Where the kernel's table holds an object (IPCMNI_SHIFT of ipc/util.h). */
#define INDEX(id) ((id) & 0x7fff)

union semun {
	int val;
	struct semid_ds *buf;
	struct seminfo *info;
};

static int try_get(const struct target *t, int kind)
{
	int id = kind == 'q' ? msgget(t->key, 0) : kind == 'm' ? shmget(t->key, 0, 0) : semget(t->key, 0, 0);
	return id < 0 ? -1 : 0;
}

/* The agent removes what this makes: to make and to remove are two rights. */
static int try_make(const struct target *t, int kind)
{
	int flags = IPC_CREAT | IPC_EXCL | 0600;
	int id = kind == 'q' ? msgget(t->key, flags) : kind == 'm' ? shmget(t->key, 4096, flags) : semget(t->key, 1, flags);
	return id < 0 ? -1 : 0;
}

static int try_msgctl(const struct target *t, int command)
{
	struct msqid_ds queue = { .msg_perm = t->perm, .msg_qbytes = t->qbytes };
	struct msginfo sums;
	if (command == MSG_INFO)
		return msgctl(0, command, (struct msqid_ds *)&sums) < 0 ? -1 : 0;
	int number = command == MSG_STAT || command == MSG_STAT_ANY ? INDEX(t->id) : t->id;
	return msgctl(number, command, &queue) < 0 ? -1 : 0;
}

static int try_shmctl(const struct target *t, int command)
{
	struct shmid_ds segment = { .shm_perm = t->perm };
	struct shm_info sums;
	if (command == SHM_INFO)
		return shmctl(0, command, (struct shmid_ds *)&sums) < 0 ? -1 : 0;
	int number = command == SHM_STAT || command == SHM_STAT_ANY ? INDEX(t->id) : t->id;
	return shmctl(number, command, &segment) < 0 ? -1 : 0;
}

static int try_semctl(const struct target *t, int command)
{
	struct semid_ds set = { .sem_perm = t->perm };
	struct seminfo sums;
	if (command == SEM_INFO)
		return semctl(0, 0, command, (union semun){ .info = &sums }) < 0 ? -1 : 0;
	int number = command == SEM_STAT || command == SEM_STAT_ANY ? INDEX(t->id) : t->id;
	return semctl(number, 0, command, (union semun){ .buf = &set }) < 0 ? -1 : 0;
}

/* A queue is full only to who may send to it (do_msgsnd in ipc/msg.c). */
static int try_msgsnd(const struct target *t, int unused)
{
	struct {
		long type;
		char text[PROBE_SIZE];
	} message = { .type = PROBE_TYPE };
	(void)unused;
	int result = msgsnd(t->id, &message, sizeof message.text, IPC_NOWAIT);
	return result != 0 && errno == EAGAIN ? 0 : result;
}

/* Takes the agent's message, or looks at the first of all. */
static int try_msgrcv(const struct target *t, int flags)
{
	static struct {
		long type;
		char text[64 << 10];
	} message;
	long which = flags & MSG_COPY ? 0 : PROBE_TYPE;
	return msgrcv(t->id, &message, sizeof message.text, which, IPC_NOWAIT | MSG_NOERROR | flags) < 0 ? -1 : 0;
}

static int try_shmat(const struct target *t, int flags)
{
	void *at = shmat(t->id, NULL, flags);
	return at == (void *)-1 ? -1 : shmdt(at);
}

static int try_lock(const struct target *t, int unused)
{
	(void)unused;
	if (shmctl(t->id, SHM_LOCK, NULL) != 0)
		return -1;
	return shmctl(t->id, SHM_UNLOCK, NULL);
}

/* Adds one and takes it away in one step. */
static int try_semop(const struct target *t, int unused)
{
	struct sembuf both[2] = { { .sem_op = 1, .sem_flg = IPC_NOWAIT }, { .sem_op = -1, .sem_flg = IPC_NOWAIT } };
	(void)unused;
	return semop(t->id, both, 2);
}

static const struct {
	const char *kind, *op;
	int (*attempt)(const struct target *t, int argument);
	int argument;
} operations[] = {
	{ "msgq", "msgget", try_get, 'q' },
	{ "msgq", "create", try_make, 'q' },
	{ "msgq", "msgsnd", try_msgsnd, 0 },
	{ "msgq", "msgrcv", try_msgrcv, 0 },
	{ "msgq", "msgcopy", try_msgrcv, MSG_COPY },
	{ "msgq", "stat", try_msgctl, IPC_STAT },
	{ "msgq", "index-stat", try_msgctl, MSG_STAT },
	{ "msgq", "index-stat-any", try_msgctl, MSG_STAT_ANY },
	{ "msgq", "info", try_msgctl, MSG_INFO },
	{ "msgq", "set", try_msgctl, IPC_SET },
	{ "msgq", "rmid", try_msgctl, IPC_RMID },
	{ "shm", "shmget", try_get, 'm' },
	{ "shm", "create", try_make, 'm' },
	{ "shm", "shmat-ro", try_shmat, SHM_RDONLY },
	{ "shm", "shmat-rw", try_shmat, 0 },
	{ "shm", "stat", try_shmctl, IPC_STAT },
	{ "shm", "index-stat", try_shmctl, SHM_STAT },
	{ "shm", "index-stat-any", try_shmctl, SHM_STAT_ANY },
	{ "shm", "info", try_shmctl, SHM_INFO },
	{ "shm", "set", try_shmctl, IPC_SET },
	{ "shm", "rmid", try_shmctl, IPC_RMID },
	{ "shm", "lock", try_lock, 0 },
	{ "sem", "semget", try_get, 's' },
	{ "sem", "create", try_make, 's' },
	{ "sem", "semop", try_semop, 0 },
	{ "sem", "getval", try_semctl, GETVAL },
	{ "sem", "stat", try_semctl, IPC_STAT },
	{ "sem", "index-stat", try_semctl, SEM_STAT },
	{ "sem", "index-stat-any", try_semctl, SEM_STAT_ANY },
	{ "sem", "info", try_semctl, SEM_INFO },
	{ "sem", "set", try_semctl, IPC_SET },
	{ "sem", "rmid", try_semctl, IPC_RMID },
};

static struct target target_of(char **numbers)
{
	struct target t = { .id = atoi(numbers[0]), .key = (key_t)atol(numbers[1]), .qbytes = strtoul(numbers[5], NULL, 10) };
	t.perm.uid = (uid_t)strtoul(numbers[2], NULL, 10);
	t.perm.gid = (gid_t)strtoul(numbers[3], NULL, 10);
	t.perm.mode = (mode_t)strtoul(numbers[4], NULL, 8);
	return t;
}

static void try_sysv(const char *kind, const char *op, char **numbers)
{
	const char *context = own_context();
	struct target t = target_of(numbers);
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		if (strcmp(operations[i].kind, kind) != 0 || strcmp(operations[i].op, op) != 0)
			continue;
		wait_for_the_word();
		errno = 0;
		answer(operations[i].attempt(&t, operations[i].argument), context);
		return;
	}
	misused("sysv: no such operation");
}

/* ---- act ---------------------------------------------------------------- */

/* Opens a FIFO as an ordinary program does, waiting for the other end. */
static int open_waiting(const char *path, int flags)
{
	for (;;) {
		int fd = open(path, flags | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != EINTR)
			fail("open %s", path);
	}
}

/* Reads a duration such as 300ms, 2s or 1m30s. */
static struct timespec duration(const char *text)
{
	double sum = 0;
	for (char *end; *text; text = end) {
		double value = strtod(text, &end);
		double unit = 0;
		if (strncmp(end, "ms", 2) == 0)
			unit = 1e-3, end += 2;
		else if (*end == 's')
			unit = 1, end += 1;
		else if (*end == 'm')
			unit = 60, end += 1;
		if (unit == 0 || value < 0)
			misused("-delay: want a duration such as 300ms");
		sum += value * unit;
	}
	struct timespec d = { .tv_sec = (time_t)sum };
	d.tv_nsec = (long)((sum - (double)d.tv_sec) * 1e9);
	return d;
}

/* Copies to stdout until end of file, or so many bytes if limit is not 0. */
static void copy_out(int fd, long long limit)
{
	static char buffer[64 << 10];
	long long left = limit;
	while (limit == 0 || left > 0) {
		size_t want = limit && left < (long long)sizeof buffer ? (size_t)left : sizeof buffer;
		ssize_t got = read(fd, buffer, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fail("read");
		if (got == 0)
			return;
		put(STDOUT_FILENO, buffer, (size_t)got);
		left -= got;
	}
}

/* read [-n BYTES] [-delay DUR] PATH; -lines is what it does anyway */
static void act_read(int argc, char **argv)
{
	long long limit = 0;
	struct timespec delay = { 0 };
	int i = 0;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-lines") == 0)
			continue;
		if (i + 1 < argc && strcmp(argv[i], "-n") == 0)
			limit = atoll(argv[++i]);
		else if (i + 1 < argc && strcmp(argv[i], "-delay") == 0)
			delay = duration(argv[++i]);
		else
			misused("read");
	}
	if (argc - i != 1 || limit < 0)
		misused("read");
	int fd = open_waiting(argv[i], O_RDONLY);
	ready();
	while (nanosleep(&delay, &delay) != 0 && errno == EINTR)
		;
	copy_out(fd, limit);
}

/* write PATH TEXT… */
static void act_write(int argc, char **argv)
{
	if (argc < 1)
		misused("write");
	int fd = open_waiting(argv[0], O_WRONLY);
	ready();
	for (int i = 1; i < argc; i++) {
		char *line;
		int length = asprintf(&line, "%s\n", argv[i]);
		if (length < 0)
			fail("write");
		put(fd, line, (size_t)length); /* each line in one write(2) */
		free(line);
	}
}

static volatile sig_atomic_t told_to_end;

static void end(int signal)
{
	(void)signal;
	told_to_end = 1;
}

/* Prints what arrives until it is told to end. */
static void hold_open(int fd, int reads)
{
	static char buffer[64 << 10];
	struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	sigset_t none;
	sigemptyset(&none);
	while (!told_to_end) {
		ssize_t got = reads ? read(fd, buffer, sizeof buffer) : -1;
		struct pollfd more = { .fd = fd, .events = POLLIN };
		if (got > 0)
			put(STDOUT_FILENO, buffer, (size_t)got);
		else if (got == 0) /* nobody has it open for writing just now */
			ppoll(NULL, 0, &moment, &none);
		else
			ppoll(&more, reads ? 1 : 0, NULL, &none);
	}
}

/* hold r|w|rw PATH */
static void act_hold(int argc, char **argv)
{
	if (argc != 2)
		misused("hold");
	int mode = strcmp(argv[0], "r") == 0 ? O_RDONLY : strcmp(argv[0], "w") == 0 ? O_WRONLY : O_RDWR;
	if (mode == O_RDWR && strcmp(argv[0], "rw") != 0)
		misused("hold: want r, w or rw");
	/* Blocked but while it waits, so that none comes unnoticed. */
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = end }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = end }, NULL);
	int fd = open(argv[1], mode | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fail("open %s", argv[1]);
	ready();
	hold_open(fd, mode != O_WRONLY);
}

/* What the watcher tells, in inotify's words (inotify(7)). */
static const struct {
	uint32_t mask;
	const char *word;
} watched[] = {
	{ IN_CREATE, "create" }, { IN_DELETE, "delete" }, { IN_ATTRIB, "attrib" },
	{ IN_MOVED_FROM, "moved_from" }, { IN_MOVED_TO, "moved_to" }, { IN_Q_OVERFLOW, "overflow" },
};

static void print_event(const struct inotify_event *event)
{
	char line[NAME_MAX + 32];
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		if (!(event->mask & watched[i].mask))
			continue;
		int length = snprintf(line, sizeof line, "%s %s\n", watched[i].word, event->len ? event->name : "");
		put(STDOUT_FILENO, line, (size_t)length);
	}
}

/* watch DIR */
static void act_watch(int argc, char **argv)
{
	static char buffer[64 << 10] __attribute__((aligned(__alignof__(struct inotify_event))));
	uint32_t mask = 0;
	if (argc != 1)
		misused("watch");
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
		mask |= watched[i].mask;
	int fd = inotify_init1(IN_CLOEXEC);
	if (fd < 0 || inotify_add_watch(fd, argv[0], mask) < 0)
		fail("watch %s", argv[0]);
	ready();
	for (;;) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		if (got < 0 && errno != EINTR)
			fail("watch %s", argv[0]);
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			print_event(event);
			at += sizeof *event + event->len;
		}
	}
}

static mode_t mode_of(const char *text)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);
	if (*text == '\0' || *end != '\0' || mode > 07777)
		misused("a mode: it must be octal");
	umask(0);
	return (mode_t)mode;
}

/* mkfifo MODE PATH */
static void act_mkfifo(int argc, char **argv)
{
	if (argc != 2)
		misused("mkfifo");
	if (mkfifo(argv[1], mode_of(argv[0])) != 0)
		fail("mkfifo %s", argv[1]);
}

/* mkfile MODE PATH TEXT */
static void act_mkfile(int argc, char **argv)
{
	if (argc != 3)
		misused("mkfile");
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_of(argv[0]));
	if (fd < 0)
		fail("open %s", argv[1]);
	put(fd, argv[2], strlen(argv[2]));
	put(fd, "\n", 1);
}

/* symlink TARGET PATH */
static void act_symlink(int argc, char **argv)
{
	if (argc != 2)
		misused("symlink");
	if (symlink(argv[0], argv[1]) != 0)
		fail("symlink %s", argv[1]);
}

/* socket PATH */
static void act_socket(int argc, char **argv)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	if (argc != 1 || strlen(argv[0]) >= sizeof name.sun_path)
		misused("socket");
	strcpy(name.sun_path, argv[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0)
		fail("socket %s", argv[0]);
}

#include "channel.h"

static void act(const char *actor, int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*play)(int, char **);
	} actors[] = {
		{ "read", act_read }, { "write", act_write }, { "hold", act_hold }, { "watch", act_watch },
		{ "mkfifo", act_mkfifo }, { "mkfile", act_mkfile }, { "symlink", act_symlink }, { "socket", act_socket },
		{ "slot", act_slot }, { "tell", act_tell }, { "listen", act_listen }, { "ticks", act_ticks },
	};
	signal(SIGPIPE, SIG_IGN); /* a write that nobody reads fails with EPIPE, and says so */
	for (size_t i = 0; i < sizeof actors / sizeof *actors; i++) {
		if (strcmp(actors[i].name, actor) == 0) {
			actors[i].play(argc, argv);
			return;
		}
	}
	misused("act: no such actor");
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "try") == 0)
		try(argv[2], argv[3]);
	else if (argc == 10 && strcmp(argv[1], "sysv") == 0)
		try_sysv(argv[2], argv[3], argv + 4);
	else if (argc >= 3 && strcmp(argv[1], "act") == 0)
		act(argv[2], argc - 3, argv + 3);
	else
		misused("probe: try OP PATH, sysv KIND OP ID…, or act ACTOR ARGS…");
	return 0;
}
