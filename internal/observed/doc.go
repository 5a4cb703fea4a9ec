// Package observed finds out what a kernel lets happen: it has a scenario played
// in a machine (package internal/guest/play does it there) and tells of each flow,
// back channel and revocation whether information came through, and if not, which
// layer refused which call. It computes nothing from a policy: that is
// internal/permitted. It compares nothing with what is wanted: that is the
// matrix's.
//
// A refusal is SELinux's only with an enforced denial of that very process, recorded
// while that very call was made; seccomp's only with its record, or when the filter
// killed the process; a namespace's only when what is not found is in another one.
// What has none of these, and an errno of permission, is DAC's.
package observed
