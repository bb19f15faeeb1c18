// Attaches programs as ebpf-go does: what the inventory has to find of the other large library.
//
// attacher ATTACHED.o COUNT.o CGROUP INTERFACE, in a network namespace of its own. It prints a line for each program (the
// hook, the ids of program and link), then "ready", and holds all of it until its standard input ends.
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func load(file string, names ...string) *ebpf.Collection {
	spec, err := ebpf.LoadCollectionSpec(file)
	check(err)
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for name := range spec.Programs {
		if !wanted[name] {
			delete(spec.Programs, name)
		}
	}
	for name := range spec.Maps {
		if name == "sockets" {
			delete(spec.Maps, name)
		}
	}
	loaded, err := ebpf.NewCollection(spec)
	check(err)
	return loaded
}

func tell(hook string, program *ebpf.Program, attached link.Link, err error) {
	check(err)
	info, err := program.Info()
	check(err)
	number, _ := info.ID()
	told, err := attached.Info()
	check(err)
	fmt.Println(hook, number, told.ID)
}

func main() {
	loaded := load(os.Args[1], "on_raw", "on_cgroup")
	counting := load(os.Args[2], "count_packets")
	device, err := net.InterfaceByName(os.Args[4])
	check(err)

	packets := counting.Programs["count_packets"]
	xdp, err := link.AttachXDP(link.XDPOptions{Program: packets, Interface: device.Index})
	tell("xdp", packets, xdp, err)
	traced := loaded.Programs["on_raw"]
	raw, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sched_process_fork", Program: traced})
	tell("raw_tracepoint", traced, raw, err)
	filter := loaded.Programs["on_cgroup"]
	group, err := link.AttachCgroup(link.CgroupOptions{
		Path: os.Args[3], Attach: ebpf.AttachCGroupInetEgress, Program: filter,
	})
	tell("cgroup_inet_egress", filter, group, err)

	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
