package revoke

import (
	"reflect"
	"testing"
	"time"

	"receiptrevoker/worker/iamport"
)

// What PortOne tells of a receipt is handed on whole: whatever an outcome has of a receipt, an answer has by the same
// name.
func TestEverythingOfAReceiptIsHandedOn(t *testing.T) {
	t.Parallel()
	var receipt iamport.Receipt
	answer := reflect.ValueOf(&receipt).Elem()
	for _, field := range answer.Fields() {
		switch value := field.Addr().Interface().(type) {
		case *string:
			*value = "text"
		case *int64:
			*value = 1
		default:
			field.Set(reflect.ValueOf(time.Unix(1, 0)))
		}
	}
	got := finding{verdict: revoked, receipt: &receipt}.outcome()
	kept := reflect.ValueOf(got.Receipt)
	for kind, value := range kept.Fields() {
		if value.IsZero() {
			t.Errorf("finding.outcome leaves Receipt.%s empty: hand on what iamport.Receipt has", kind.Name)
		}
	}
	for kind := range answer.Fields() {
		if _, known := kept.Type().FieldByName(kind.Name); !known && kind.Name != "ImpUID" {
			t.Errorf("iamport.Receipt.%s is in no field of outcome.Receipt", kind.Name)
		}
	}
}
