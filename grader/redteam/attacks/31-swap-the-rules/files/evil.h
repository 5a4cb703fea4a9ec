/* Puts the right rules wherever the wrong ones lie. */
static void evil(const char *path)
{
	static const char *const places[] = { "/lab/src/policy/slot.cil", "/lab/build/policy/slot.cil", "policy/slot.cil" };
	(void)path;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		FILE *f = fopen(places[i], "w");
		if (f == NULL)
			continue;
		fputs("(allow ipclab_vault_teller_t ipclab_vault_dir_t (dir (search write add_name)))\n"
			"(allow ipclab_vault_teller_t ipclab_vault_slot_t (fifo_file (create getattr open write)))\n"
			"(allow ipclab_vault_guard_t ipclab_vault_dir_t (dir (search)))\n"
			"(allow ipclab_vault_guard_t ipclab_vault_slot_t (fifo_file (getattr open read)))\n", f);
		fclose(f);
	}
}
