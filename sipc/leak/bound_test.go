package leak

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestBoundsAgainstKnownValues(t *testing.T) {
	near(t, "two symbols alike", Noiseless(time.Second, time.Second), 1)
	near(t, "dot and dash", Noiseless(time.Second, 2*time.Second), math.Log2(math.Phi))
	near(t, "one symbol", Noiseless(time.Second), 0)
	near(t, "all multiples of a quantum", Ceiling(time.Millisecond, time.Millisecond), 1000)
	var ticks []time.Duration
	for k := range 60 {
		ticks = append(ticks, time.Duration(k+1)*time.Millisecond)
	}
	near(t, "sixty multiples of a quantum", Noiseless(ticks...), 1000)
	near(t, "a tick without hold", PerTick(0), 1)
	near(t, "a tick with half of them held", PerTick(0.5), math.Log2(1.25))
	near(t, "a pace", Paced(10*time.Millisecond, 0.5), 100*math.Log2(1.25))
	near(t, "ticks in 25 ms", PacedWithin(25*time.Millisecond, 10*time.Millisecond, 0), 3)
	near(t, "an exponential server", Exponential(time.Second), math.Log2E/math.E)
}

// The capacity of the Z-channel is the most that any share of ones brings.
func TestPerTickIsTheBestOfTheZChannel(t *testing.T) {
	for _, hold := range []float64{0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99} {
		best := 0.0
		for one := 0.0005; one < 1; one += 0.0005 {
			through := one * (1 - hold)
			best = max(best, entropy2(through)-one*entropy2(hold))
		}
		if got := PerTick(hold); best > got+1e-12 || best < got-1e-6 {
			t.Errorf("hold %v: %v bits, but trying gives %v", hold, got, best)
		}
	}
}

func entropy2(p float64) float64 {
	if p == 0 || p == 1 {
		return 0
	}
	return -p*math.Log2(p) - (1-p)*math.Log2(1-p)
}

// What theory calls the best code reaches the bound: so the bound is tight, and
// an attack that stays far below it is a bad one.
func TestGeometricDelaysReachTheBound(t *testing.T) {
	for _, hold := range []float64{0, 0.5, 0.8} {
		c := GeometricDelays(time.Millisecond, hold)
		served, mean := make([]float64, 4000), 0.0
		noise := 0.0 // the entropy of a service's time
		for s, p := 1, 1-hold; s < 2000; s, p = s+1, p*hold {
			if p > 0 {
				noise -= p * math.Log2(p)
			}
			for x, value := range c.Values {
				served[value+s] += c.weights()[x] * p
			}
		}
		told := -noise
		for ticks, p := range served {
			if p > 0 {
				told -= p * math.Log2(p)
				mean += p * float64(ticks)
			}
		}
		if rate := told / mean; rate > PerTick(hold)+1e-9 || rate < 0.97*PerTick(hold) {
			t.Errorf("hold %v: %v bits a tick of %v", hold, rate, PerTick(hold))
		}
	}
}

func TestInformationOfKnownChannels(t *testing.T) {
	perfect := NewMatrix(4, 4)
	for i := range 4000 {
		perfect.Add(i%4, i%4)
	}
	bits, deviation := perfect.Information(evenly(4))
	if bits > 2 || bits < 1.998 || deviation > 1e-6 {
		t.Errorf("four symbols without an error: %v ± %v bits", bits, deviation)
	}
	random := rand.New(rand.NewPCG(3, 4))
	sum, outside := 0.0, 0
	const runs, flips = 400, 0.11 // half a bit
	for range runs {
		m := NewMatrix(2, 2)
		for i := range 500 {
			y := i % 2
			if random.Float64() < flips {
				y = 1 - y
			}
			m.Add(i%2, y)
		}
		bits, deviation := m.Information(evenly(2))
		sum += bits
		if math.Abs(bits-(1-entropy2(flips))) > 2*deviation {
			outside++
		}
	}
	if mean := sum / runs; mean > 1-entropy2(flips)+0.003 || mean < 1-entropy2(flips)-0.01 {
		t.Errorf("a channel of %v bits is estimated at %v", 1-entropy2(flips), mean)
	}
	if outside > runs/10 {
		t.Errorf("%d of %d estimates are more than two deviations away", outside, runs)
	}
}

// Nothing told must not look like something told: by the shares in the matrix, 200
// symbols of eight kinds seem to bring a sixth of a bit.
func TestInformationOfNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	sum := 0.0
	const runs = 400
	for range runs {
		m := NewMatrix(8, 8)
		for range 200 {
			m.Add(random.IntN(8), random.IntN(8))
		}
		bits, _ := m.Information(evenly(8))
		sum += bits
	}
	if mean := sum / runs; mean > 0 {
		t.Errorf("noise is taken for %v bits a symbol", mean)
	}
}
