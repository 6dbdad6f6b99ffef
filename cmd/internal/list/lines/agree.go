package lines

import (
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/tasks"
)

// agree returns the value of a payment's field that several columns or keys name, the
// preferred first. One that is sure goes before the others, as an imp_uid of PortOne goes
// before another number, and one that stands for no value gives way. Two that are sure and
// differ are an error, with which the first is returned.
func agree(field string, values []string, sure func(string) bool) (string, error) {
	found := ""
	for _, value := range values {
		switch {
		case !sure(value) || value == found:
		case found == "":
			found = value
		default:
			return found, fault.Invalid("two values are named for %s, %q and %q", field, fault.Cut(found), fault.Cut(value))
		}
	}
	if found != "" {
		return found, nil
	}
	for _, value := range values {
		if !tasks.StandsForNoValue(value) {
			return value, nil
		}
	}
	return values[0], nil
}

// agreed makes each field of a row that several columns or keys name the one that agree
// returns. values are theirs, of a field that is named once or not at all nil.
func agreed(r *payment.Row, values [naming.FieldCount][]string) (err error) {
	given := func(value string) bool { return !tasks.StandsForNoValue(value) }
	known := func(name string) bool { return tasks.Gateway(name).Known() }
	pg := string(r.PG)
	for _, field := range []struct {
		of   naming.Field
		name string
		into *string
		sure func(string) bool
	}{
		{naming.NumberField, "apply_num", &r.ApplyNum, given},
		{naming.TierField, "tier", &r.Tier, given},
		{naming.GatewayField, "pg", &pg, known},
		{naming.ImpUIDField, "imp_uid", &r.ImpUID, impuid.OfPortOne},
	} {
		named := values[field.of]
		if len(named) < 2 {
			continue
		}
		for i := range named {
			if code, ok := tasks.ParseGateway(named[i]); ok && field.of == naming.GatewayField {
				named[i] = string(code)
			}
		}
		value, wrong := agree(field.name, named, field.sure)
		if *field.into = value; wrong != nil {
			err = wrong
		}
	}
	r.PG = tasks.Gateway(pg)
	return err
}

// agreed is the function for a record. It takes the row itself: by a pointer each row of any
// list would be allocated.
func (p *shape) agreed(row payment.Row) (payment.Row, error) {
	var named [naming.FieldCount][]string
	for of, columns := range p.others {
		if len(columns) < 2 {
			continue
		}
		for _, column := range columns {
			named[of] = append(named[of], row.Column(column))
		}
	}
	err := agreed(&row, named)
	return row, err
}
