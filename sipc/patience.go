package sipc

import "time"

const (
	// longestTry is how long a call tries again before it sleeps. To put a thread to
	// sleep and to wake it up takes longer than to carry a chunk, and several
	// times as long if it sleeps on another processor.
	longestTry = 20 * time.Microsecond
	// betweenTries leaves the queue's lock to the other end.
	betweenTries = time.Microsecond
	// mostSkipped is how many waits at most go straight to sleep before
	// trying again is given another chance.
	mostSkipped = 63
)

// patience decides whether to try again before going to sleep. That is worth
// while if both ends run at the same time. If the other end waits for this very
// processor, or has nothing to do, it is in vain each time; then it is left out
// for a growing number of waits.
type patience struct {
	skip int // how many waits the last vain try has put off the next one by
	left int // how many of them are still to come
}

// pays says whether to try again in this wait.
func (p *patience) pays() bool {
	if p.left == 0 {
		return true
	}
	p.left--
	return false
}

// vain says whether trying again was in vain of late.
func (p *patience) vain() bool { return p.skip > 0 }

// learn takes note of how it went.
func (p *patience) learn(inVain bool) {
	if inVain {
		p.skip = min(2*p.skip+1, mostSkipped)
	} else {
		p.skip /= 2
	}
	p.left = p.skip
}

// pause lets a moment pass without giving the processor away, and returns the
// time since begun.
func pause(begun time.Time) time.Duration {
	from := time.Since(begun)
	for {
		if now := time.Since(begun); now >= from+betweenTries {
			return now
		}
	}
}
