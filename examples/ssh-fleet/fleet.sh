#!/bin/bash
# Runs a master here and workers on the hosts of a list, over ssh, and collects their logs. README.md says more.
set -euo pipefail
# Jobs in process groups of their own: Ctrl-C reaches this script alone, which passes it on to the master.
set -m

usage='usage: fleet.sh [--local] [--master-host ADDRESS] HOSTS [llmload options]'
without_ssh=()
master_host=
while [[ ${1-} == --* ]]; do
  case $1 in
    --local) without_ssh=(localhost) && shift ;;
    --master-host) master_host=${2:?$usage} && shift 2 ;;
    *) echo "$usage" >&2 && exit 2 ;;
  esac
done
list=${1:?$usage}
shift

hosts=() counts=() total=0 all_here=1
while read -r host count rest; do
  [[ -z $host || $host == \#* ]] && continue
  if [[ ! ${count:=1} =~ ^[1-9][0-9]*$ || -n $rest ]]; then
    echo "$list: '$host $count${rest:+ $rest}' is not a host and a number of workers" >&2
    exit 2
  fi
  hosts+=("$host") counts+=("$count") total=$((total + count))
  [[ $host == "${without_ssh[0]-}" ]] || all_here=0
done <"$list"
((total > 0)) || { echo "$list names no host" >&2 && exit 2; }

# The command here and on the hosts, with words as in "npx llmload": the same version everywhere.
read -ra llmload <<<"${LLMLOAD:-llmload}"
port=${LLMLOAD_MASTER_PORT:-5557}
bind_host=0.0.0.0
((all_here)) && bind_host=127.0.0.1 master_host=${master_host:-127.0.0.1}
master_host=${master_host:-$(hostname -f)}
folder=llmload-$(date +%Y%m%d-%H%M%S)
mkdir "$folder"

# By the environment and through ssh's stdin: an argument could be read in the lists of processes.
LLMLOAD_TOKEN=${LLMLOAD_TOKEN:-$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')}
export LLMLOAD_TOKEN

"${llmload[@]}" --master --headless --master-bind-host "$bind_host" --master-port "$port" \
  --expect-workers "$total" --expect-workers-max-wait 60s "$@" 2> >(exec tee "$folder/master.log" >&2) &
master=$!
interrupted=0
trap 'interrupted=1; kill -INT "$master" 2>/dev/null || true' INT TERM
# The master hands it to the workers.
unset LLMLOAD_API_KEY

# A master that is given a bad option ends at once: workers would wait for it in vain.
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || ! kill -0 "$master" 2>/dev/null; do sleep 0.2; done

# Without a master there is nothing to join.
kill -0 "$master" 2>/dev/null || hosts=()

workers=()
for i in "${!hosts[@]}"; do
  host=${hosts[i]}
  command=("${llmload[@]}" --worker --master-host "$master_host" --master-port "$port" --processes "${counts[i]}")
  if [[ $host == "${without_ssh[0]-}" ]]; then
    "${command[@]}" >"$folder/worker-$i-$host.log" 2>&1 </dev/null &
  else
    # Quoted for the shell at the other end.
    ssh -T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 "$host" \
      "read -r LLMLOAD_TOKEN && export LLMLOAD_TOKEN && exec ${command[*]@Q}" \
      >"$folder/worker-$i-$host.log" 2>&1 <<<"$LLMLOAD_TOKEN" &
  fi
  workers+=($!)
done

wait "$master" && code=0 || code=$?
# A signal ends `wait` before the master has ended.
while ((interrupted)); do
  interrupted=0
  wait "$master" && code=0 || code=$?
done
# Without a master they all end within seconds by themselves.
for i in "${!workers[@]}"; do
  wait "${workers[i]}" || echo "workers of ${hosts[i]}: exit code $?, see $folder/worker-$i-${hosts[i]}.log" >&2
done
echo "logs: $folder" >&2
exit "$code"
