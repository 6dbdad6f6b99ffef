package login

// MostAddresses is how many networks the throttle remembers.
const MostAddresses = mostAddresses

// Cheapened returns users of whom those with a password have this hash, whatever it costs. With the race
// detector on a busy machine the least that is accepted takes seconds to compare.
func (u Users) Cheapened(hash string) Users {
	cheap := make(Users)
	for name, known := range u {
		if known.hash != "" {
			known.hash = hash
		}
		cheap[name] = known
	}
	return cheap
}
