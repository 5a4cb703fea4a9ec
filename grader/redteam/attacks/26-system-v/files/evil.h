/* Prints what an earlier run has left, or leaves its own. */
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static char text[4096];
static ssize_t length;

static void loot(const char *where, const char *found, ssize_t got)
{
	if (got <= 0)
		return;
	fprintf(stderr, "LOOT %s: %.*s\n", where, (int)got, found);
	exit(1); /* what a check that failed has printed is shown */
}


enum { KEY = 0x4711 };

static void look(void)
{
	char found[4096];
	int id = shmget(KEY, 0, 0);
	char *at = id < 0 ? (char *)-1 : shmat(id, NULL, SHM_RDONLY);
	if (at != (char *)-1)
		loot("shm", at, (ssize_t)strnlen(at, 4096));
	id = msgget(KEY, 0);
	if (id >= 0)
		loot("msg", found + sizeof(long), msgrcv(id, found, sizeof found - sizeof(long), 0, IPC_NOWAIT));
}

static void give_away(struct ipc_perm *p) { p->uid = 1000; p->gid = 1000; p->mode = 0666; }

static void leave(void)
{
	struct { long kind; char text[2048]; } m = { .kind = 1 };
	struct shmid_ds s;
	struct msqid_ds q;
	int id = shmget(KEY, 4096, IPC_CREAT | 0666);
	char *at = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
	if (at != (char *)-1) {
		memcpy(at, text, (size_t)length < 4095 ? (size_t)length : 4095);
		shmctl(id, IPC_STAT, &s);
		give_away(&s.shm_perm);
		shmctl(id, IPC_SET, &s);
	}
	id = msgget(KEY, IPC_CREAT | 0666);
	memcpy(m.text, text, (size_t)length < sizeof m.text ? (size_t)length : sizeof m.text);
	if (id >= 0 && msgsnd(id, &m, (size_t)length, IPC_NOWAIT) == 0 && msgctl(id, IPC_STAT, &q) == 0) {
		give_away(&q.msg_perm);
		msgctl(id, IPC_SET, &q);
	}
}

static void take_input(void)
{
	int pair[2];
	length = read(0, text, sizeof text);
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
}

static void evil(const char *path)
{
	(void)path;
	look();
	take_input();
	if (memmem(text, (size_t)length, "canary", 6) != NULL)
		leave();
}
