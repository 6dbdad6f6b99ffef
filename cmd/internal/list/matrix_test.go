package list_test

import (
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// What programs and people make of one list: how it is encoded, what separates
// its columns, how its lines end, and what stands above them.
var (
	encodings = map[string]struct {
		encode func(text string) string
		want   string
	}{
		"UTF-8":                 {func(text string) string { return text }, "UTF-8"},
		"UTF-8, BOM":            {func(text string) string { return "\uFEFF" + text }, "UTF-8 with BOM"},
		"UTF-16 LE, BOM":        {func(text string) string { return utf16(text, unicode.LittleEndian) }, "UTF-16"},
		"UTF-16 BE, BOM":        {func(text string) string { return utf16(text, unicode.BigEndian) }, "UTF-16"},
		"UTF-16 LE without BOM": {func(text string) string { return utf16(text, unicode.LittleEndian)[2:] }, "UTF-16"},
		"UTF-16 BE without BOM": {func(text string) string { return utf16(text, unicode.BigEndian)[2:] }, "UTF-16"},
		"CP949":                 {cp949, "EUC-KR (CP949)"},
	}
	lineEnds = map[string]func(line int) string{
		"LF":    func(int) string { return "\n" },
		"CRLF":  func(int) string { return "\r\n" },
		"CR":    func(int) string { return "\r" },
		"mixed": func(line int) string { return []string{"\r\n", "\r", "\n"}[line%3] },
	}
	headers = map[string]struct {
		lines []string // with commas
		line  int      // of the header
	}{
		"plain":  {[]string{"주문번호,포트원 거래고유번호,PG사,비고"}, 1},
		"quoted": {[]string{`"주문번호","포트원 거래고유번호","PG사","비고, 금액"`}, 1},
		"NFD":    {[]string{norm.NFD.String("주문번호,포트원 거래고유번호,PG사,비고")}, 1},
		"title":  {[]string{"환불 목록 (2026-11),,,", "", ",,,", "조회 기간,2026-11-01 ~ 2026-11-30,,", "주문번호,imp_uid,PG사,비고"}, 5},
		"none":   {nil, 0},
	}
)

func TestListIsTheSameHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for encoding, encoded := range encodings {
		for _, separator := range []string{",", ";", "\t", "|", "^"} {
			for lineEnd, end := range lineEnds {
				for header, above := range headers {
					if encoding == "CP949" && (header == "NFD" || header == "none") {
						continue // it has no parts of Hangul, and imp_uids alone are ASCII
					}
					name := fmt.Sprintf("%s/%q/%s/%s", encoding, separator, lineEnd, header)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						rows := []string{"A-1,imp_1,NHN KCP,환불", `A-2,imp_2,NHN KCP,"고객 요청, ""단순"" 변심"`, `"A-3","imp_3","NHN KCP",`}
						if above.lines == nil {
							rows = []string{"imp_1", "imp_2", `"imp_3"`}
						}
						text := written(append(above.lines, rows...), separator, end)
						checkList(t, encoded.encode(text), encoded.want, above.line, len(above.lines))
					})
				}
			}
		}
	}
}

// written joins lines whose columns commas separate by another separator.
func written(lines []string, separator string, end func(int) string) string {
	var text strings.Builder
	for i, line := range lines {
		quoted := false
		for _, c := range line {
			quoted = quoted != (c == '"')
			if c == ',' && !quoted {
				text.WriteString(separator)
			} else {
				text.WriteRune(c)
			}
		}
		text.WriteString(end(i))
	}
	return text.String()
}

// checkList reads a list of three payments below so many lines.
func checkList(t *testing.T, text, encoding string, headerLine, above int) {
	t.Helper()
	reader, err := list.NewReader(strings.NewReader(text), list.Options{PG: tasks.KCP})
	if err != nil {
		t.Fatal(err)
	}
	if got := reader.Layout(); got.Encoding != encoding || got.HeaderLine != headerLine {
		t.Errorf("Layout() = %+v, want %s and the header on line %d", got, encoding, headerLine)
	}
	want := numbered(above+1, "imp_1 kcp", "imp_2 kcp", "imp_3 kcp")
	if diff := cmp.Diff(want, rest(t, reader)); diff != "" {
		t.Errorf("read (-want +got):\n%s\nof %q", diff, text)
	}
}
