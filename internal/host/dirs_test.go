package host

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFindDirs(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	runtime, err := os.MkdirTemp("/tmp", "r")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(runtime) })
	for name, tt := range map[string]struct {
		env  map[string]string
		want Dirs // Run is the folder that it lies in
	}{
		"home alone": {map[string]string{"HOME": "/h"},
			Dirs{"/h/.cache/ipclab", "/h/.local/state/ipclab", tmp, "/h/ipclab", "/var/tmp"}},
		"XDG": {map[string]string{"HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": runtime},
			Dirs{"/c/ipclab", "/s/ipclab", runtime, "/h/ipclab", "/var/tmp"}},
		"relative XDG is not heeded": {map[string]string{"HOME": "/h", "XDG_CACHE_HOME": "c", "XDG_RUNTIME_DIR": "r"},
			Dirs{"/h/.cache/ipclab", "/h/.local/state/ipclab", tmp, "/h/ipclab", "/var/tmp"}},
		"ours": {map[string]string{"HOME": "/h", "IPCLAB_WORK": "/w", "IPCLAB_SCRATCH": "/x"},
			Dirs{"/h/.cache/ipclab", "/h/.local/state/ipclab", tmp, "/w", "/x"}},
		"runtime folder is not there": {map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": "/nonexistent"},
			Dirs{"/h/.cache/ipclab", "/h/.local/state/ipclab", tmp, "/h/ipclab", "/var/tmp"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindDirs(func(k string) string { return tt.env[k] })
			must(t, err)
			got.Run = filepath.Dir(got.Run)
			if got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestFindDirsWithoutAHome(t *testing.T) {
	var home *HomeError
	if _, err := FindDirs(func(string) string { return "" }); !errors.As(err, &home) {
		t.Errorf("FindDirs: %v", err)
	}
}

func TestTwoInstallationsDoNotMeet(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	one, two := runDir("", "/a"), runDir("", "/b")
	if one == two {
		t.Errorf("both use %s", one)
	}
	if again := runDir("", "/a"); again != one {
		t.Errorf("%s, then %s", one, again)
	}
}
