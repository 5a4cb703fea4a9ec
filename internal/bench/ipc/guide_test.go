package main

import (
	"testing"

	"ipclab/internal/choose"
)

// Every mechanism that one may choose from is measured, by a way that there is.
func TestEveryMechanismIsMeasured(t *testing.T) {
	all, err := choose.Mechanisms()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		name := m.Name
		if m.Speed != "" {
			name = m.Speed
		}
		if _, err := findWay(mechanisms()[name]); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}

func TestSpeedsAreMedians(t *testing.T) {
	s := study{rounds: 3}
	all := results{}
	for _, way := range mechanisms() {
		for i := range 3 {
			count := float64(1000 * (i + 1))
			all[spot{false, way, smallSize, copying}] = append(all[spot{false, way, smallSize, copying}], outcome{seconds: 1, bytes: count * smallSize})
			all[spot{false, way, largeSize, copying}] = append(all[spot{false, way, largeSize, copying}], outcome{seconds: 1, bytes: count / 100 * largeSize})
			all[spot{false, way, smallSize, timing}] = append(all[spot{false, way, smallSize, timing}], outcome{arrived: []int64{int64(i+1) * 1e3}})
		}
	}
	data, err := s.speeds(all).Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := choose.ReadSpeeds(data)
	if err != nil {
		t.Fatal(err)
	}
	one := got.Of["msgq"]
	if one.Small.PerSecond != 2000 || one.Large.PerSecond != 20 || one.Latency != 2 || len(got.Of) != len(mechanisms()) || got.Computer.Rounds != 3 {
		t.Errorf("got %+v of %+v", one, got)
	}
}
