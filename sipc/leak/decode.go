package leak

import (
	"math"
	"slices"
	"sort"
)

// A reading is what a sender makes of what it saw. It learns from the symbols that
// both ends know, then reads the others.
type reading struct {
	limits []int64 // what was seen falls into one bin between two limits
	unit   int64   // without limits, bins are whole units
	bins   int
	guess  []int // for each bin, the symbol that it most likely stands for
}

// learn makes a reading from the training's symbols and what was seen for each.
func learn(c Code, symbols []int, seen []int64) *reading {
	r := &reading{bins: c.Bins, unit: int64(c.Unit)}
	switch {
	case c.Slotted: // counts are told apart as they are
		r.bins, r.unit = slices.Max(c.Values)+2, 1
	case r.bins == 0:
		r.limits = midpoints(medians(len(c.Values), symbols, seen))
		r.bins = len(r.limits) + 1
	}
	r.guess = guesses(r, len(c.Values), symbols, seen)
	return r
}

// medians are those of what was seen for each symbol, sorted.
func medians(number int, symbols []int, seen []int64) []int64 {
	groups := make([][]int64, number)
	for i, value := range seen {
		groups[symbols[i]] = append(groups[symbols[i]], value)
	}
	var middles []int64
	for _, group := range groups {
		if len(group) > 0 {
			slices.Sort(group)
			middles = append(middles, group[len(group)/2])
		}
	}
	slices.Sort(middles)
	return middles
}

// midpoints are halfway between each two neighbours.
func midpoints(sorted []int64) []int64 {
	var between []int64
	for i := 1; i < len(sorted); i++ {
		between = append(between, sorted[i-1]+(sorted[i]-sorted[i-1]+1)/2)
	}
	return between
}

// guesses tells for each bin which symbol was seen there most often.
func guesses(r *reading, number int, symbols []int, seen []int64) []int {
	counts := make([][]int, r.bins)
	for y := range counts {
		counts[y] = make([]int, number)
	}
	for i, value := range seen {
		counts[r.bin(value)][symbols[i]]++
	}
	guess := make([]int, r.bins)
	for y, row := range counts {
		guess[y] = slices.Index(row, slices.Max(row))
	}
	return guess
}

// bin says which observation a value is.
func (r *reading) bin(value int64) int {
	if r.limits == nil && r.bins > 1 {
		units := int(math.Round(float64(value) / float64(r.unit)))
		return min(max(units, 0), r.bins-1)
	}
	return sort.Search(len(r.limits), func(i int) bool { return value < r.limits[i] })
}

// score holds what was sent against what was read, in a matrix and as the share
// of wrong guesses.
func (r *reading) score(symbols []int, seen []int64, number int) (*Matrix, float64) {
	m, wrong := NewMatrix(number, r.bins), 0
	for i, value := range seen {
		y := r.bin(value)
		m.Add(symbols[i], y)
		if r.guess[y] != symbols[i] {
			wrong++
		}
	}
	return m, float64(wrong) / float64(max(len(seen), 1))
}

// observe turns the times of completed sends into one observation a symbol. phase
// is when the first slot begins; only slots need it.
func observe(c Code, times []int64, first, number int, phase int64) []int64 {
	if c.Slotted {
		return counts(times, phase, int64(c.Unit), number)
	}
	var gaps []int64
	for i := first + 1; i < len(times) && len(gaps) < number; i++ {
		gaps = append(gaps, times[i]-times[i-1])
	}
	return gaps
}

// counts is how many of the times lie in each slot.
func counts(times []int64, phase, unit int64, number int) []int64 {
	in := make([]int64, number)
	for _, t := range times {
		if slot := (t - phase) / unit; t >= phase && slot < int64(number) {
			in[slot]++
		}
	}
	return in
}
