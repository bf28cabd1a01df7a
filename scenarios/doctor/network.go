package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// maxAddresses bounds how many addresses of a name are tried.
const maxAddresses = 8

// slowName is when looking a name up is slow enough to be felt with every
// connection.
const slowName = time.Second

// lookUp finds the addresses of the host.
func (e *exam) lookUp(ctx context.Context, c *Check) {
	facts := &NameFacts{Host: e.host}
	e.report.Facts.Name = facts
	if a, err := netip.ParseAddr(e.host); err == nil {
		facts.Literal, facts.Addresses = true, []string{a.String()}
		e.addresses = []netip.Addr{a}
		c.Found = textf("%s est une adresse : rien à chercher", "%s is an address: nothing to look up", a)
		return
	}
	lctx, cancel := context.WithTimeout(ctx, e.opt.Connect)
	defer cancel()
	begun := time.Now()
	found, err := e.opt.Lookup(lctx, e.host)
	took := time.Since(begun)
	facts.TookMS = milliseconds(took)
	if err != nil || len(found) == 0 {
		if err == nil {
			err = &net.DNSError{Name: e.host, Err: "no such host", IsNotFound: true}
		}
		wrapped := &mllp.Error{Kind: mllp.NoConnection, Addr: e.opt.Addr, Err: err}
		c.Found = textf("« %s » : pas d'adresse", "%q: no address", e.host)
		c.fault(Network, "name.unknown", told(wrapped), advised(wrapped))
		return
	}
	for _, a := range found {
		if a = a.Unmap(); len(e.addresses) < maxAddresses {
			e.addresses = append(e.addresses, a)
			facts.Addresses = append(facts.Addresses, a.String())
		}
	}
	c.Found = textf("%s → %s (%s)", "%s → %s (%s)", e.host, strings.Join(facts.Addresses, ", "), short(took))
	if len(found) > maxAddresses {
		c.note("name.many", textf("%d adresses : seules les %d premières sont essayées", "%d addresses: only the first %d are tried", len(found), maxAddresses))
	}
	if took > slowName {
		c.warn(Network, "name.slow", textf("le nom a mis %s à être trouvé", "the name took %s to be found", short(took)),
			textf("vérifiez le serveur de noms de cette machine, ou donnez une adresse IP avec --tls-server-name", "check the name server of this machine, or give an IP address with --tls-server-name"))
	}
}

// knock tries to open a connection to each address, all at once.
func (e *exam) knock(ctx context.Context, c *Check) {
	facts := &PortFacts{Attempts: make([]Attempt, len(e.addresses))}
	e.report.Facts.Port = facts
	errs := make([]error, len(e.addresses))
	var all sync.WaitGroup
	for i, a := range e.addresses {
		all.Go(func() {
			facts.Attempts[i], errs[i] = e.try(ctx, net.JoinHostPort(a.String(), e.port))
		})
	}
	all.Wait()
	var lines []scenarios.Text
	for _, a := range facts.Attempts {
		if a.State == PortOpen && facts.Used == "" {
			facts.Used = a.Address
		}
		lines = append(lines, a.text())
	}
	e.used = facts.Used
	c.Found = joined(" · ", lines...)
	for i, a := range facts.Attempts {
		switch {
		case a.State == PortOpen:
		case facts.Used != "":
			c.warn(Network, "port.some-"+string(a.State),
				textf("%s ne répond pas, %s oui : qui essaie d'abord la première attend pour rien", "%s does not answer, %s does: whoever tries the former first waits in vain", a.Address, facts.Used),
				textf("ôtez cette adresse du nom, ou faites-y écouter le correspondant", "take this address off the name, or let the peer listen there too"))
		default:
			meaning, remedy := e.closedPort(a, errs[i])
			c.fault(Network, "port."+string(a.State), meaning, remedy)
		}
	}
}

// try opens a connection and closes it again.
func (e *exam) try(ctx context.Context, address string) (Attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.Connect)
	defer cancel()
	begun := time.Now()
	nc, err := e.opt.Dial(ctx, "tcp", address)
	a := Attempt{Address: address, State: PortOpen, TookMS: milliseconds(time.Since(begun))}
	if err == nil {
		nc.Close()
		return a, nil
	}
	a.State, a.Error = portState(err), err.Error()
	return a, err
}

func portState(err error) PortState {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return PortRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ENETDOWN):
		return PortUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return PortFiltered
	}
	return PortFailed
}

// text says what became of an attempt in a few words.
func (a Attempt) text() scenarios.Text {
	words := map[PortState]scenarios.Text{
		PortOpen:        textf("ouvert (%s)", "open (%s)", short(time.Duration(a.TookMS*float64(time.Millisecond)))),
		PortRefused:     textf("refusé", "refused"),
		PortFiltered:    textf("sans réponse", "no reply"),
		PortUnreachable: textf("injoignable", "unreachable"),
		PortFailed:      textf("échec", "failed"),
	}[a.State]
	return scenarios.Text{FR: a.Address + " " + words.FR, EN: a.Address + " " + words.EN}
}

// closedPort explains the difference between the ways in which a port is closed.
func (e *exam) closedPort(a Attempt, err error) (meaning, remedy scenarios.Text) {
	switch a.State {
	case PortRefused:
		return textf("%s refuse la connexion : la machine est là, aucun programme n'écoute sur ce port", "%s refuses the connection: the machine is there, no program listens on this port", a.Address),
			textf("démarrez le correspondant ; vérifiez le port, et qu'il écoute sur cette adresse et pas seulement sur 127.0.0.1",
				"start the peer; check the port, and that it listens on this address and not on 127.0.0.1 alone")
	case PortFiltered:
		return textf("%s ne répond pas en %s : ni oui ni non, un pare-feu jette sans doute les paquets, ou la machine est éteinte", "%s does not reply within %s: neither yes nor no, a firewall probably drops the packets, or the machine is off", a.Address, short(e.opt.Connect)),
			textf("vérifiez l'adresse ; faites ouvrir ce port entre les deux machines", "check the address; have this port opened between the two machines")
	case PortUnreachable:
		return textf("%s est injoignable : cette machine n'a pas de chemin jusque là", "%s is unreachable: this machine has no way to it", a.Address),
			textf("vérifiez le réseau de cette machine (VPN, route, IPv6)", "check the network of this machine (VPN, route, IPv6)")
	}
	wrapped := &mllp.Error{Kind: mllp.NoConnection, Addr: a.Address, Err: err}
	return told(wrapped), advised(wrapped)
}

// short writes a duration for people, in both languages alike.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	if tenths := d % time.Second / (100 * time.Millisecond); tenths > 0 {
		return fmt.Sprintf("%d.%d s", d/time.Second, tenths)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

func list(words []string) string {
	if len(words) == 0 {
		return "—"
	}
	return strings.Join(words, ", ")
}
