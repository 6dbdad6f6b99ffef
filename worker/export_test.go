package worker

// Silence is after how long a loop that has not turned is taken for dead.
const Silence = silence

// Pulse is what [Worker.Alive] asks.
type Pulse struct{ *pulse }

// NewPulse returns a pulse of no loops.
func NewPulse() Pulse { return Pulse{newPulse()} }

// Beat says that a loop turns.
func (p Pulse) Beat(loop string) { p.beat(loop) }

// End says that a loop has ended.
func (p Pulse) End(loop string) { p.end(loop) }
