package list_test

import (
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// cp949 returns text as Korean Windows encodes it.
func cp949(text string) string {
	encoded, err := korean.EUCKR.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return encoded
}

func utf16(text string, order unicode.Endianness) string {
	encoded, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return encoded
}

func TestEncodingIsRecognised(t *testing.T) {
	t.Parallel()
	text := "비고,포트원 거래고유번호,PG사\n똠방각하,imp_1,키움페이\n"
	// 표 is C7 A5 in CP949, which is a character of UTF-8 as well.
	tests := []struct{ name, list, encoding, memo string }{
		{"UTF-8", text, "UTF-8", "똠방각하"},
		{"UTF-8 with a byte-order mark", "\xEF\xBB\xBF" + text, "UTF-8 with BOM", "똠방각하"},
		{"CP949, with characters that EUC-KR lacks", cp949(text), "EUC-KR (CP949)", "똠방각하"},
		{
			"CP949, with a line that is valid UTF-8 too", cp949(strings.Replace(text, "똠방각하,imp_1,키움페이", "표,imp_1,daou", 1)),
			"EUC-KR (CP949)", "표",
		},
		{"UTF-16, little end first", utf16(strings.ReplaceAll(text, ",", "\t"), unicode.LittleEndian), "UTF-16", "똠방각하"},
		{"UTF-16, big end first", utf16(text, unicode.BigEndian), "UTF-16", "똠방각하"},
		{"UTF-8 with a broken byte", strings.Replace(text, "똠방각하", "똠\xFF방", 1), "UTF-8", "똠\uFFFD방"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			row, err := reader.Read()
			if err != nil {
				t.Fatal(err)
			}
			got := []string{reader.Layout().Encoding, reader.Header()[0], row.Columns[0], row.ImpUID, string(row.PG)}
			if diff := cmp.Diff([]string{test.encoding, "비고", test.memo, "imp_1", "daou"}, got); diff != "" {
				t.Errorf("encoding, header, memo, imp_uid, gateway (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUTF16WithoutAMarkIsToldFromOtherFiles(t *testing.T) {
	t.Parallel()
	korean := "비고,포트원 거래고유번호,PG사\n" + strings.Repeat("가\u3000똠방각하 ", 500) + ",imp_1,키움페이\n"
	for name, test := range map[string]struct{ list, want string }{
		"little end first, little ASCII": {utf16(korean, unicode.LittleEndian)[2:], "UTF-16"},
		"big end first, little ASCII":    {utf16(korean, unicode.BigEndian)[2:], "UTF-16"},
		"a single imp_uid":               {utf16("imp_1", unicode.LittleEndian)[2:], "UTF-16"},
		"a long title in Hangul":         {utf16(strings.Repeat("긴제목가나다라", 1000)+korean, unicode.LittleEndian)[2:], "UTF-16"},
		"the same, big end first":        {utf16(strings.Repeat("긴제목가나다라", 1000)+korean, unicode.BigEndian)[2:], "UTF-16"},
		"a Ctrl-Z at the end":            {utf16("거래고유번호\r\nimp_1\r\n\x1A", unicode.LittleEndian)[2:], "UTF-16"},
		"NFD":                            {utf16(norm.NFD.String(korean), unicode.LittleEndian)[2:], "UTF-16"},
		"a short UTF-8 with a zero byte": {"imp_uid,pg,memo\nimp_1,kcp,a\x00b\n", "UTF-8"},
		"Korean UTF-8 with a zero byte":  {"거래고유번호,비고\nimp_1,똠\x00방각하\n", "UTF-8"},
		"CP949 with a zero byte":         {cp949("거래고유번호,비고\nimp_1,똠\x00방각하\n"), "EUC-KR (CP949)"},
		"UTF-8 with a zero byte":         {"imp_uid,memo\nimp_1,\x00\n" + strings.Repeat("imp_1,memo\n", 10), "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			row, err := reader.Read()
			if err != nil || row.ImpUID != "imp_1" || reader.Layout().Encoding != test.want {
				t.Errorf("%s: read %q, %v, want imp_1 and %s", reader.Layout().Encoding, row.ImpUID, err, test.want)
			}
		})
	}
	for name, text := range map[string]string{
		"zero bytes": strings.Repeat("\x00", 1000), "a ZIP archive": "PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00",
	} {
		if _, err := list.NewReader(strings.NewReader(text), list.Options{}); err == nil {
			t.Errorf("%s are read", name)
		}
	}
}

func TestLinesBehindTheFirst64KiBAreDecodedByThemselves(t *testing.T) {
	t.Parallel()
	plain := "imp_uid,pg\n" + strings.Repeat("\n", 64<<10)
	for _, test := range []golden{
		{name: "CP949 after ASCII", list: plain + cp949("imp_1,토스페이먼츠\n"), want: []string{"65538 imp_1 tosspayments"}},
		{
			name: "both in turn", list: plain + cp949("imp_1,키움페이\n") + "imp_2,키움페이\n" + cp949("imp_3,키움페이"),
			want: []string{"65538 imp_1 daou", "65539 imp_2 daou", "65540 imp_3 daou"},
		},
	} {
		test.run(t)
	}
}

// The first 64 KiB may end anywhere within a character.
func TestCharacterCutAt64KiBMakesNoDifference(t *testing.T) {
	t.Parallel()
	for pad := range 4 {
		text := "memo,imp_uid\n" + strings.Repeat("x", pad) + ",imp_1\n" + strings.Repeat("가가가가가가,imp_2\n", 6_000)
		for encoding, encoded := range map[string]string{"UTF-8": text, "EUC-KR (CP949)": cp949(text)} {
			checkEncoding(t, encoded, encoding)
		}
	}
}

func checkEncoding(t *testing.T, text, want string) {
	t.Helper()
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := reader.Layout().Encoding; got != want {
		t.Errorf("Encoding() = %s, want %s", got, want)
	}
	if got := rest(t, reader); len(got) != 6_001 {
		t.Errorf("read %d rows, want 6001", len(got))
	}
}
