package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stream = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    it is bad\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Test":"TestSkipped","Output":"    neither redis-server nor valkey-server is installed\n"}
{"Action":"skip","Package":"p","Test":"TestSkipped"}
{"Action":"output","Package":"p","Test":"TestSkipped/too","Output":"    neither redis-server nor valkey-server is installed\n"}
{"Action":"skip","Package":"p","Test":"TestSkipped/too"}
{"Action":"output","Package":"p","Test":"TestChild","Output":"    is run by another test\n"}
{"Action":"skip","Package":"p","Test":"TestChild"}
{"Action":"output","Package":"q","Test":"TestPage","Output":"    chromium is not installed\n"}
{"Action":"skip","Package":"q","Test":"TestPage"}
{"Action":"output","Package":"p","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t1.0s\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"PASS\n"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}
{"ImportPath":"r","Action":"build-output","Output":"r.go:1: undefined: x\n"}
`

func TestReportIsThatOfGoTestAndTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := report{out: &out}
	if err := r.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	r.tellSkipped()
	want := `    it is bad
FAIL	p	1.0s
panic: test timed out
ok  	q	0.1s
r.go:1: undefined: x
1 tests were skipped for lack of chromium: apt install chromium
2 tests were skipped for lack of redis-server: apt install redis-server
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothingIsToldWhereNothingIsMissing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := report{out: &out}
	if err := r.read(strings.NewReader(`{"Action":"pass","Package":"p","Test":"TestGood"}`)); err != nil {
		t.Fatal(err)
	}
	if r.tellSkipped(); out.String() != "" {
		t.Errorf("got %q, want nothing", &out)
	}
}
