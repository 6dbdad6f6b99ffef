package gate

import "context"

// KnowsPauses reads what is paused, and says whether it is known.
func (g *Gates) KnowsPauses(ctx context.Context) bool {
	g.pauses.Renew(ctx)
	return g.pauses.Known() != nil
}
