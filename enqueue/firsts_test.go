package enqueue

import "testing"

func TestNoTwoImpUIDsAreTakenForOne(t *testing.T) {
	t.Parallel()
	f := newFirsts()
	impUIDs := []string{
		"imp_1", "imp_01", "imp_001", "imps_1", "imp_", "imps_", "imp_1a", "imp-1", "1", "imp_999999999999999",
		"imp_0999999999999999", "imp_000000000000000", "imps_000000000000000", "imp_1152921504606846976", "IMP_1", "imp_-1",
		"imp_448280090638", "imps_448280090638", "imp_44828009063", "imp_000000000000000000000000000",
	}
	for i, impUID := range impUIDs {
		if first, repeated := f.add(impUID, i); repeated {
			t.Errorf("%s is taken for %s", impUID, impUIDs[first])
		}
	}
	for i, impUID := range impUIDs {
		if first, repeated := f.add(impUID, 100+i); !repeated || first != i {
			t.Errorf("%s: got line %d, %t; want %d", impUID, first, repeated, i)
		}
	}
	for _, tier := range []string{"A01", "A02"} {
		if first, repeated := f.of(tier).add("imp_1", 7); repeated {
			t.Errorf("imp_1 of %s is taken for that on line %d", tier, first)
		}
		if first, repeated := f.of(tier).add("imp_1", 8); !repeated || first != 7 {
			t.Errorf("imp_1 of %s again: got line %d, %t; want 7", tier, first, repeated)
		}
	}
}
