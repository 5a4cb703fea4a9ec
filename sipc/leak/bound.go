package leak

import (
	"math"
	"time"
)

// Noiseless is the capacity, in bit/s, of a timing channel whose symbols take
// exactly these times and are never mistaken for one another (C. E. Shannon, A
// Mathematical Theory of Communication, 1948, theorem 1; as a covert channel: I.
// S. Moskowitz and A. R. Miller, Simple Timing Channels, IEEE S&P 1994): log2 of
// the x > 1 that solves sum x^-t = 1, with t in seconds. It is 0 for fewer than two symbols.
func Noiseless(times ...time.Duration) float64 {
	if len(times) < 2 {
		return 0
	}
	return root(func(bits float64) float64 {
		sum := 0.0
		for _, t := range times {
			sum += math.Exp2(-bits * t.Seconds())
		}
		return sum
	})
}

// Ceiling is the capacity, in bit/s, of a noiseless timing channel in which
// something happens at least every shortest, and when is told to the resolution:
// the symbols take shortest, shortest + resolution, shortest + 2 resolution …
// without end.
func Ceiling(shortest, resolution time.Duration) float64 {
	return root(func(bits float64) float64 {
		// the geometric series, summed up
		return math.Exp2(-bits*shortest.Seconds()) / -math.Expm1(-bits*math.Ln2*resolution.Seconds())
	})
}

// root finds where sum, which falls from above 1 to 0, is 1.
func root(sum func(float64) float64) float64 {
	low, high := 0.0, 1.0
	for sum(high) > 1 {
		high *= 2
	}
	for range 200 {
		if mid := (low + high) / 2; sum(mid) > 1 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// PerTick is the most, in bits, that one tick can tell where a tick is left
// unused with the probability hold: the capacity of a Z-channel. From 0 to
// less than 1; without hold it is 1 bit.
func PerTick(hold float64) float64 {
	if hold == 0 {
		return 1
	}
	return math.Log2(1 + (1-hold)*math.Pow(hold, hold/(1-hold)))
}

// Paced is the bound on the back channel, in bit/s, of whatever keeps to ticks
// of this quantum and leaves them unused with the probability hold.
func Paced(quantum time.Duration, hold float64) float64 {
	return PerTick(hold) / quantum.Seconds()
}

// PacedWithin is how many bits can have come through in a time: the ticks of a
// quantum that may lie in it, times what one can tell.
func PacedWithin(elapsed, quantum time.Duration, hold float64) float64 {
	return (math.Floor(float64(elapsed)/float64(quantum)) + 1) * PerTick(hold)
}

// Exponential is the capacity, in bit/s, of a single-server queue whose service
// takes exponentially distributed times of this mean, used as a timing channel:
// 1/e nats in the mean time of a service (V. Anantharam and S. Verdú, Bits Through
// Queues, IEEE Trans. Inf. Theory 42(1), 1996). Of all services with the same mean it
// has the least, so this is a yardstick from below, not a bound.
func Exponential(mean time.Duration) float64 {
	return 1 / (math.E * math.Ln2 * mean.Seconds())
}
