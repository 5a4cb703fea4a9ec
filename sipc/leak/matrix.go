package leak

import "math"

// A Matrix counts what was sent and what was made of it: counts[x][y] is how
// often x was sent and y was read. Both begin at 0.
type Matrix struct {
	counts [][]int
	total  int
}

// NewMatrix makes an empty one for so many symbols that are sent, and so many
// different things to be read.
func NewMatrix(sent, read int) *Matrix {
	m := &Matrix{counts: make([][]int, sent)}
	for x := range m.counts {
		m.counts[x] = make([]int, read)
	}
	return m
}

// Add counts one symbol.
func (m *Matrix) Add(sent, read int) {
	m.counts[sent][read]++
	m.total++
}

// Total is how many symbols were counted.
func (m *Matrix) Total() int { return m.total }

// Information estimates how many bits a symbol brought, where weights are how
// often each one is sent: the mutual information of what was sent and what was
// seen. deviation is the estimate's standard deviation.
//
// The mutual information is the mean of log2 q(x|y)/w(x), where w are the weights and q
// tells how likely x was sent if y was seen; with any other q this mean is less. So
// each symbol is judged by a q that all the others teach (it is left out itself, and the weights count
// as one more symbol). On average the estimate is therefore too small, never too
// large, however few symbols there are. The usual one, from shares in the matrix, is too
// large: few symbols seem to bring more than they do.
func (m *Matrix) Information(weights []float64) (bits, deviation float64) {
	if m.total < 2 {
		return 0, 0
	}
	columns := m.columns()
	sum, squares := 0.0, 0.0
	for x, row := range m.counts {
		for y, count := range row {
			if count == 0 {
				continue
			}
			q := (float64(count-1) + weights[x]) / float64(columns[y]) // columns[y] - 1 + 1
			told := math.Log2(q / weights[x])
			sum += float64(count) * told
			squares += float64(count) * told * told
		}
	}
	n := float64(m.total)
	return sum / n, math.Sqrt(max(0, squares/n-sum/n*sum/n) / n)
}

// columns counts how often each thing was seen.
func (m *Matrix) columns() []int {
	columns := make([]int, len(m.counts[0]))
	for _, row := range m.counts {
		for y, count := range row {
			columns[y] += count
		}
	}
	return columns
}
