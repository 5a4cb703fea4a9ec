// Package flow follows information through a whole SELinux policy: can what one
// domain knows come to another, in any number of steps, and by which rules?
//
// A Graph is made of a model of the policy and a Map, which says of every
// permission whether it lets information flow to the object, from it, both or
// neither (permissions.map), and which back channels each kind of object has
// (channels.map). Both files are data with a reason for every line. A class or
// permission of the policy that the map does not have is an error.
//
// # What is asked
//
// "No flow" means something only relative to programs that are trusted not to
// pass things on: in any whole policy, some daemon reads everything and some
// other one reads that. Query.Trusted names those domains: they may be reached,
// and are not walked through. It can also name objects that carry nothing
// although everybody may write and read them, such as /dev/null; they still have
// back channels, such as locks.
//
// The answer is a path, each step with the rule that grants it, its place and
// its reason; or that there is none, and then the closed set that was reached
// is the proof: no rule leads out of it. Certify checks that anew, without
// the search.
//
// Where permissions give no path, back channels may: a sender notices that a
// queue is full. They are found in the same way, and those which a scenario
// declares (Query.Declared) are told apart from those which it does not.
//
// # How far it is right
//
// It errs on one side: it takes for possible what the policy lets through by
// itself. Constraints are not followed, and named with every step that one of
// them may deny (Step.Constraints): the types in them are looked at, users,
// roles and levels are not. Not modelled are type bounds,
// ioctl numbers (allowx) and file modes, which only take away, and that some
// calls ask for several permissions: the one that carries the information is
// taken for all. Beyond it are classes and permissions that the loaded policy
// does not have (the kernel then allows or denies them all, by handle_unknown),
// channels without any permission (the notes in channels.map name some; load
// and timing are others), and mistakes in kernel and trusted programs.
//
// Information is followed between processes of a type and objects of a type and
// a class, so that a queue which a helper made is not taken for the helper.
// What lies in /proc/PID is taken to be the process itself.
//
// # Beside setools
//
// seinfoflow, of setools 4.4.1, works on types alone, and its default map and
// least weight hide connectto, fd:use, signals and locks. With Options.ByType, and
// this map written in its form, the two agree: see "Compared" in docs/flow.md for
// what was compared and how fast each was.
package flow
