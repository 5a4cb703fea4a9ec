package workspace

import "ipclab/internal/workspace/glob"

// unfinished marks a folder that Create is filling. While it is there, Create
// goes on where an interrupted one stopped.
const unfinished = ".ipclab-unfinished"

// partial is the pattern of the files that Create is writing.
const partial = ".ipclab-part-*"

// IsJunk tells the names that are never part of a workspace: what version
// control, editors, desktops and this package leave in folders.
func IsJunk(base string) bool {
	return isRepository(base) || glob.MatchAny([]string{
		unfinished, partial,
		"*~", ".*.sw?", "*.swp", "*.swo", "4913", "#*#", ".#*", // vi, emacs; 4913 is vi's test file
		".idea", ".vscode", ".DS_Store", "._*", "Thumbs.db", "desktop.ini", ".directory",
		".nfs*", ".goutputstream-*", ".fuse_hidden*", // deleted or half-saved files
	}, base)
}

// isRepository tells the folders of version control. Reset leaves them in
// place, so that a reset shows up as a change like any other.
func isRepository(base string) bool {
	return base == ".git" || base == ".hg" || base == ".svn" || base == ".jj"
}
