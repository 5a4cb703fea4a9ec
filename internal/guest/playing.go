package guest

import (
	"context"

	"ipclab/internal/guest/api"
	conductor "ipclab/internal/guest/play"
)

// play plays a scenario, one at a time. The programs of the runs stand still
// meanwhile: none of them can kill an actor, or take what is another's.
func (a *Agent) play(ctx context.Context, spec api.PlaySpec) (api.PlayResult, error) {
	a.playing.Lock()
	defer a.playing.Unlock()
	if ctx.Err() != nil {
		return api.PlayResult{}, context.Cause(ctx)
	}
	a.runs.groups.freeze()
	defer a.runs.groups.thaw()
	return conductor.Play(ctx, newScenery(a), spec)
}
