package list_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
)

// A file whose last line has no end glues it to the first line of the next file.
func TestGluedImpUIDsAreInvalid(t *testing.T) {
	t.Parallel()
	for value, glued := range map[string]bool{
		"imp_900000000012imp_900000000013": true, "imp_900000000012imps_900000000013": true, "imps_1imp_2": true, "imp_1imp_2imp_3": true,
		"imp_9000000000012imp_9000000000013": true, "imp_900000000015imp_uid": true, "imp_900000000015IMP_UID": true, "imp_1impUid": true,
		"imp_1\uFEFFimp_uid": true, "imp_1 imp_2": true, "00imp_900000000013": true,
		"imp_900000000012": false, "imps_9000000000013": false, "imp_imports": false, "imp_1imp": false, "impossible_1": false, "I": false,
		"imp_9": false,
	} {
		want := []string{"2 " + value, "3 imp_1"}
		if glued {
			want[0] = fmt.Sprintf("line 2: %q has imp_ in its middle: a line end is missing between two imp_uids", value)
		}
		golden{name: value, list: "imp_uid,pg\n" + value + ",\nimp_1,\n", want: want}.run(t)
		if !strings.Contains(value, "\uFEFF") {
			golden{name: value + " JSON", list: "{\"imp_uid\":\"" + value + "\"}\n\n{\"imp_uid\":\"imp_1\"}", want: append([]string{
				strings.NewReplacer("line 2", "line 1", "2 ", "1 ").Replace(want[0]),
			}, want[1])}.run(t)
		}
	}
	golden{
		name: "another path", list: "imp_uid\nexternal/imp_1\n",
		want: []string{`line 2: imp_uid "external/imp_1" contains '/', only A-Z a-z 0-9 _ and - are allowed`},
	}.run(t)
	golden{
		name: "bare", list: "imp_900000000011\nimp_900000000012imp_900000000013\nimp_900000000014",
		want: []string{
			"1 imp_900000000011",
			`line 2: "imp_900000000012imp_900000000013" has imp_ in its middle: a line end is missing between two imp_uids`, "3 imp_900000000014",
		},
	}.run(t)
}

func TestPlaceholdersAreNoPayments(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"NULL", "(null)", "<NULL>", `\N`, "None", "nil", "nan", "NaN", "undefined", "-", "0", "N/A", "n.a.", "NA", "#N/A", "#REF!", "#DIV/0!",
		"#NAME?", "없음", "해당 없음", norm.NFD.String("없음"), "미정", "---", "____", ":--:", "...", "00", "000000000000", "0.00", "-1", "false", "TRUE",
		"EOF", "[EOF]", "TBD", "empty", "(empty)", "imp_", "IMPS_", "imp", "?", "※", "—",
	} {
		golden{
			name: value, list: "imp_uid,pg\n" + value + ",kcp\nimp_1,\n",
			want: []string{fmt.Sprintf("line 2: imp_uid %q stands for no value", value), "3 imp_1"},
		}.run(t)
	}
	golden{
		name: "as gateways", list: "imp_uid,pg\nimp_1,NULL\nimp_2,-\nimp_3,nice\n", opts: list.Options{PG: tasks.KCP},
		want: []string{"2 imp_1 kcp", "3 imp_2 kcp", "4 imp_3 nice"},
	}.run(t)
	for _, value := range []string{"imp_0", "imp_none", "NULL-1", "na1", "1", "imp_true", "end-1"} {
		golden{name: value, list: "imp_uid,pg\n" + value + ",kcp\n", want: []string{"2 " + value + " kcp"}}.run(t)
	}
}

// A table of Markdown has a line of dashes below its header.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	golden{
		name: "table", list: "| imp_uid | pg |\n|---|---|\n| imp_1 | kcp |\n",
		want: []string{`line 2: imp_uid "---" stands for no value`, "3 imp_1 kcp"},
	}.run(t)
}
