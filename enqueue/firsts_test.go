package enqueue

import "testing"

func TestNoTwoImpUIDsAreTakenForOne(t *testing.T) {
	t.Parallel()
	var f firsts
	impUIDs := []string{
		"imp_1", "imp_01", "imp_001", "imps_1", "imp_", "imps_", "imp_1a", "imp-1", "1", "imp_999999999999999",
		"imp_0999999999999999", "imp_000000000000000", "imps_000000000000000", "imp_1152921504606846976", "IMP_1", "imp_-1",
		"imp_448280090638", "imps_448280090638", "imp_44828009063", "imp_000000000000000000000000000",
	}
	for i, impUID := range impUIDs {
		if first, again := f.add(impUID, place{line: uint32(i)}); again {
			t.Errorf("%s is taken for %s", impUID, impUIDs[first.line])
		}
	}
	for i, impUID := range impUIDs {
		if first, again := f.add(impUID, place{line: 100, names: 1}); !again || first != (place{line: uint32(i)}) {
			t.Errorf("%s: got %+v, %t; want line %d", impUID, first, again, i)
		}
	}
}
