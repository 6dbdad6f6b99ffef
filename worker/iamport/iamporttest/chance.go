package iamporttest

// What random numbers are for. Numbers of rules count up from forRules, so that new purposes must stand
// before it.
const (
	forDetails uint64 = iota // the receipt's number, amount and dates
	forLatency               // how long an answer takes
	forDress                 // in which of its forms the API shows a receipt
	forToken                 // the next token
	forRules                 // which rules of a share apply
)

// forReceipts is for which receipts a rule is about, by its number. It lies
// beyond all that count up from forRules.
const forReceipts uint64 = 1 << 63

// dice gives random numbers that depend on nothing but the seed and what they are asked for, so that
// concurrent calls do not change each other's luck: a generator that is shared would give each run
// another order.
type dice struct{ seed uint64 }

// roll returns the number of impUID for about. The same question always has the same answer.
func (d dice) roll(impUID string, about ...uint64) uint64 {
	h := mix(d.seed)
	for i := range len(impUID) {
		h = (h ^ uint64(impUID[i])) * 0x100000001b3 // FNV-1a
	}
	for _, v := range about {
		h = mix(h ^ v)
	}
	return mix(h)
}

// mix is the finalizer of SplitMix64: every bit of x changes half of the bits
// of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fraction returns roll as a number above 0 and below 1: neither bound can occur, for which
// [Latency.sample] has no value.
func fraction(roll uint64) float64 { return (float64(roll>>12) + 0.5) / (1 << 52) }
