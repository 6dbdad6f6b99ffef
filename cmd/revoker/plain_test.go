package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// A value that is escaped is the same value to who reads the JSON, also beyond U+FFFF.
func TestEscapedJSONIsTheSame(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"취소 <실패> & \"x\"", poison, "\U000e0001\U0001f468\u200d\U0001f469", "\x7f", "\ufffd"} {
		var text strings.Builder
		if err := printJSON(&text, map[string]any{value: json.RawMessage(`"` + "\u202e\u2028" + `"`)}); err != nil {
			t.Fatal(err)
		}
		clean(t, text.String())
		var got map[string]string
		if err := json.Unmarshal([]byte(text.String()), &got); err != nil || got[value] != "\u202e\u2028" {
			t.Errorf("%q is read as %q (%v)", value, got, err)
		}
	}
}

// A format may begin lines; no argument does, whatever its type and its verb.
func TestArgumentsBeginNoLine(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	screen{out: &text}.say("\n%s|%v|%-6s|%5.1f%%|%t|%[1]q\nend\n", "a\nb", errors.New("x\r\ny"), "\t", 2.25, true)
	if want := "\na b|x  y|      |  2.2%|true|\"a\\nb\"\nend\n"; text.String() != want {
		t.Errorf("got %q, want %q", text.String(), want)
	}
}
