// Package intake is what was handed in: it finds submissions, says whose each
// is, digests and unpacks them, and packs a workspace for handing in.
//
// Everything that it reads may be hostile. Archives are unpacked into memory
// only, within the limits of a workspace; links, devices, names that lead out,
// bombs and lies are refused with an *Error that names the submission and what
// in it is wrong. The package judges nothing, knows no machine and prints
// nothing.
//
// # One submission or many
//
// A path that Find is given is a file, which is one submission, or a folder. A
// folder is one submission if
//
//   - it holds the manifest of a packed submission, or a file that the lab's
//     starter or solution has at that place, other than README.md; or
//   - none of its entries is a folder or an archive.
//
// Any other folder is a class: each of its entries is one submission. It is
// always a class if it has the metadata of Gradescope's export, or if the name
// of an entry fits the pattern or the platform that was asked for. Of several
// paths, either all are classes or none is: nobody can hand in a folder that is
// taken for many when it stands among others' submissions. What editors,
// desktops and version control leave behind is no entry, nor is README.md, nor,
// in a folder that was downloaded from a platform, a loose file whose name does
// not fit. Any other loose file is: what cannot be taken is told, not passed
// over.
//
// # Whose it is, and which one counts
//
// The student is who the name says: as a platform or a pattern reads it, or
// else the whole name without the ending of archives and without the lab's name
// before it. What a submission says about itself does not matter. Of what one
// student handed in, the last counts: by the attempt and the date in the names,
// or by the time of the last change where names have neither. A single file
// that is no archive counts only where there is nothing else.
package intake
