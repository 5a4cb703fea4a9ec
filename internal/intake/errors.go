package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"ipclab/grader"
	"ipclab/internal/workspace"
)

// The reasons for which a submission cannot be taken. Test for them with
// errors.Is.
var (
	ErrEmpty     = errors.New("it is empty")
	ErrKind      = errors.New("it is neither a folder nor an archive that can be unpacked")
	ErrDamaged   = errors.New("it is damaged or cut off")
	ErrEncrypted = errors.New("it is encrypted")
	ErrMethod    = errors.New("it is compressed in a way that is not known")
	ErrAbsolute  = errors.New("its name begins at the root of a file system")
	ErrOutside   = errors.New("its name leads out of the submission")
	ErrLink      = errors.New("it is a link")
	ErrSpecial   = errors.New("it is neither a file nor a folder")
	ErrName      = errors.New("its name cannot be used")
	ErrTwice     = errors.New("there are two things of that name")
	ErrCase      = errors.New("two names differ in capitals only")
	ErrTooMany   = errors.New("there are too many files")
	ErrTooBig    = errors.New("it is too big")
	ErrTooDeep   = errors.New("the folders are nested too deep")
	ErrNested    = errors.New("there are only other archives in it")
	ErrNothing   = errors.New("none of the lab's files is in it")
	ErrAmbiguous = errors.New("the lab's files are in it more than once")
	ErrManifest  = errors.New("it cannot be read as a manifest")
	ErrOtherLab  = errors.New("it was made for another lab")
	ErrUnread    = errors.New("this computer cannot read it")
)

// Error says why a submission cannot be taken.
type Error struct {
	Source string       // the submission, as a person would name it
	Path   string       // what in it is wrong; empty when it is the whole
	Err    error        // one of the reasons of this package
	Note   string       // details, such as the limit; may be empty
	Fault  grader.Fault // Student, or Machine when this computer cannot read it
}

// Error reads `ann.zip: "../x": its name leads out of the submission`.
func (e *Error) Error() string {
	s := e.Source + ": "
	if e.Path != "" {
		s += fmt.Sprintf("%q: ", short(e.Path))
	}
	s += e.Err.Error()
	if e.Note != "" {
		s += " (" + e.Note + ")"
	}
	return s
}

// Problem is Error without the submission's name: what a student can be told
// who has only one.
func (e *Error) Problem() string { return strings.TrimPrefix(e.Error(), e.Source+": ") }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// short keeps a hostile name from filling the screen.
func short(name string) string {
	const most = 120
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most/2], "") + "…" + strings.ToValidUTF8(name[len(name)-most/2:], "")
}

// hints are what can be done about each reason.
func hints() []struct {
	reason error
	hint   string
} {
	const pack = "`ipclab submit` makes an archive that can be handed in"
	const class = "a class's download is unpacked, and its folder is named alone"
	return []struct {
		reason error
		hint   string
	}{
		{ErrEmpty, pack},
		{ErrKind, "hand in a folder, or a tar, tar.gz, tar.zst or zip of it; " + pack},
		{ErrDamaged, "make it again and hand it in again; " + pack},
		{ErrEncrypted, "make the archive without a password"},
		{ErrMethod, "make the archive with ordinary compression; " + pack},
		{ErrAbsolute, "make the archive inside of the folder; " + pack},
		{ErrOutside, "make the archive inside of the folder; " + pack},
		{ErrLink, "put the file itself there; a submission holds files and folders only"},
		{ErrSpecial, "leave it out; a submission holds files and folders only"},
		{ErrName, "rename it to plain letters, digits, dashes and dots, and not too long"},
		{ErrTwice, "make the archive anew, with each file once; " + pack},
		{ErrCase, "rename one of the two"},
		{ErrTooMany, "hand in the lab's files only"},
		{ErrTooBig, "hand in sources only"},
		{ErrTooDeep, "hand in the lab's files only"},
		{ErrNested, "hand in the files themselves; " + class},
		{ErrNothing, "hand in the files of the workspace under the names that the task gives them; " + class},
		{ErrAmbiguous, "hand in one folder with the lab's files; " + class},
		{ErrManifest, "leave " + ManifestFile + " out, or as `ipclab submit` made it"},
		{ErrOtherLab, "hand in the archive of this lab"},
		{ErrUnread, "see to it that you may read it: chmod -R u+rX PATH"},
	}
}

// Hint says what to do; empty when there is nothing to say.
func (e *Error) Hint() string {
	for _, h := range hints() {
		if errors.Is(e.Err, h.reason) {
			return h.hint
		}
	}
	return ""
}

// refused is the student's mistake at one path of a submission. The submission
// is named where the error leaves the package.
func refused(path string, reason error, note string) *Error {
	return &Error{Path: path, Err: reason, Note: note, Fault: grader.Student}
}

// named gives an error the submission's name, and whatever is no *Error yet
// the fault of the machine. The context's error stays as it is.
func named(ctx context.Context, source string, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return of(source, err)
}

// of is named where nothing can be broken off.
func of(source string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Err: fmt.Errorf("%w: %w", ErrUnread, withoutPath(err)), Fault: grader.Machine}
	}
	n := *e
	n.Source = source
	return &n
}

// withoutPath takes the path off an error of the system: the source is named
// already, and results must be the same wherever the submission lies.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// fromWorkspace turns the refusal of a folder into an *Error.
func fromWorkspace(dir string, err error) error {
	var w *workspace.Error
	if !errors.As(err, &w) {
		return err
	}
	for _, same := range []struct{ theirs, ours error }{
		{workspace.ErrSymlink, ErrLink}, {workspace.ErrSpecial, ErrSpecial}, {workspace.ErrName, ErrName},
		{workspace.ErrTooMany, ErrTooMany}, {workspace.ErrTooBig, ErrTooBig}, {workspace.ErrTooDeep, ErrTooDeep},
	} {
		if errors.Is(w.Err, same.theirs) {
			return refused(below(dir, w.Path), same.ours, w.Note)
		}
	}
	return w.Err // gone, unreadable, or an error of the system
}

// below is a path as seen from a folder.
func below(dir, path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, dir), "/")
}

// ArgumentError says that a path or an option that Find was given is of no use.
// That is nobody's work: it is for whoever asked.
type ArgumentError struct {
	Arg  string // the path or the option
	Err  error
	Tips string // what to do
}

// Error says what is wrong.
func (e *ArgumentError) Error() string { return e.Arg + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *ArgumentError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ArgumentError) Hint() string { return e.Tips }
