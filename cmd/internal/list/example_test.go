package list_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"receiptrevoker/cmd/internal/list"
)

func Example() {
	export := "주문번호,포트원 거래고유번호,PG사\n" +
		"A-1,imp_448280090638,NHN KCP\n" +
		"A-2,imp_12 34,토스페이먼츠\n" +
		"A-3,imps_834335603532,토스페이먼츠\n" +
		",,합계\n"
	reader, err := list.NewReader(strings.NewReader(export), list.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return
		}
		if bad, ok := errors.AsType[*list.LineError](err); ok {
			fmt.Println(bad)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.Line, row.ImpUID, row.PG)
	}
	// Output:
	// 2 imp_448280090638 kcp
	// line 3: imp_uid "imp_12 34" contains ' ', only A-Z a-z 0-9 _ and - are allowed
	// 4 imps_834335603532 tosspayments
	// line 5: the line looks like a row of totals
}
