package tasks_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
)

func TestGatewayIsFoundByEverySpelling(t *testing.T) {
	t.Parallel()
	for _, pg := range tasks.Gateways() {
		for _, name := range []string{string(pg) + ".MID-a", string(pg) + ".a.b", norm.NFD.String(pg.Korean())} {
			if got, known := tasks.ParseGateway(name); got != pg || !known {
				t.Errorf("%q: got %q, %t; want %q", name, got, known, pg)
			}
		}
	}
	for name, want := range map[string]tasks.Gateway{
		"kcp.T0000": tasks.KCP, "HTML5_INICIS.MID-a": tasks.Inicis, "nice_v2.a": tasks.NiceV2, "nice.a": tasks.Nice,
		"엔": "", "NHN-KCP": tasks.KCP, "nhn_kcp": tasks.KCP, "ＮＨＮ ＫＣＰ": tasks.KCP, "KG 이니시스": tasks.Inicis,
		"\uFEFFkcp\u200B": tasks.KCP, "(신)나이스페이": tasks.NiceV2, "나이스페이": tasks.Nice, "": "", "...": "",
		"newpg.kcp": "", "kcp2": "",
	} {
		got, known := tasks.ParseGateway(name)
		if known != (want != "") || known && got != want || !known && string(got) != name {
			t.Errorf("%q: got %q, %t; want %q, or the name as it is", name, got, known, want)
		}
	}
}
