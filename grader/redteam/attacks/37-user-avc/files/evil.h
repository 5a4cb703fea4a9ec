/* Writes denials into the audit trail that never were. */
#include <linux/audit.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void say(int s, int kind, int pid)
{
	struct { struct nlmsghdr h; char text[512]; } m;
	memset(&m, 0, sizeof m);
	snprintf(m.text, sizeof m.text, "avc:  denied  { write } for  pid=%d comm=\"probe\" name=\"slot\" dev=\"tmpfs\" ino=4 "
		"scontext=system_u:system_r:ipclab_vault_guard_t:s0 tcontext=system_u:object_r:ipclab_vault_slot_t:s0 "
		"tclass=fifo_file permissive=0", pid);
	m.h.nlmsg_len = NLMSG_LENGTH((unsigned)strlen(m.text) + 1);
	m.h.nlmsg_type = (unsigned short)kind;
	m.h.nlmsg_flags = NLM_F_REQUEST;
	send(s, &m, m.h.nlmsg_len, 0);
}

static void evil(const char *path)
{
	static const int kinds[] = { AUDIT_USER_AVC, AUDIT_AVC, AUDIT_USER, 1112 };
	(void)path;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
	FILE *kmsg = fopen("/dev/kmsg", "w");
	for (int pid = getpid(); pid < getpid() + 64; pid++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			say(s, kinds[k], pid);
	if (kmsg != NULL) {
		fprintf(kmsg, "audit: type=1400 audit(1.2:3): avc:  denied  { write } for  pid=%d comm=\"probe\" "
			"scontext=system_u:system_r:ipclab_vault_guard_t:s0 tclass=fifo_file\n", getpid());
		fclose(kmsg);
	}
	if (s >= 0)
		close(s);
}
