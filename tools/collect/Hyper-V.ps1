Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$failures = New-Object System.Collections.ArrayList
$export = [ordered] @{ format = 'assignable-windows-export'; version = 1 }

function Add-Failure {
    param([string] $What, [string] $Why)
    [void] $failures.Add([ordered] @{ what = $What; why = $Why })
}

# Runs a step; what it cannot do is written down, and the others are done all the same.
function Invoke-Step {
    param([string] $What, [scriptblock] $Step)
    try {
        & $Step
    } catch {
        Add-Failure -What $What -Why $_.Exception.Message
    }
}

# A member of an object that other versions of Windows may not have.
function Get-Member-Value {
    param([object] $From, [string] $Name)
    if ($null -eq $From) {
        return $null
    }
    $member = $From.PSObject.Properties[$Name]
    if ($null -eq $member) {
        return $null
    }
    return $member.Value
}

# The Hyper-V role, where it is there.
if (Get-Command -Name 'Get-VMHost' -ErrorAction SilentlyContinue) {
    $hyperv = [ordered] @{}
    Invoke-Step -What 'Hyper-V host' -Step {
        $vmHost = Get-VMHost
        $hyperv.iov_support = [bool] $vmHost.IovSupport
        $hyperv.iov_support_reasons = @($vmHost.IovSupportReasons | Where-Object { $_ } |
            ForEach-Object { [string] $_ })
    }
    Invoke-Step -What 'Hyper-V pool' -Step {
        $pool = New-Object System.Collections.ArrayList
        foreach ($device in (Get-VMHostAssignableDevice)) {
            $entry = [ordered] @{
                instance_path = [string] (Get-Member-Value -From $device -Name 'InstanceID')
                location_path = [string] (Get-Member-Value -From $device -Name 'LocationPath')
            }
            [void] $pool.Add($entry)
        }
        $hyperv.pool = $pool
    }
    Invoke-Step -What 'virtual machines' -Step {
        $machines = New-Object System.Collections.ArrayList
        foreach ($vm in (Get-VM)) {
            $assigned = New-Object System.Collections.ArrayList
            foreach ($device in (Get-VMAssignableDevice -VM $vm)) {
                $entry = [ordered] @{
                    instance_path = [string] (Get-Member-Value -From $device -Name 'InstanceID')
                    location_path = [string] (Get-Member-Value -From $device -Name 'LocationPath')
                }
                [void] $assigned.Add($entry)
            }
            $processor = Get-VMProcessor -VM $vm
            $machine = [ordered] @{
                name = [string] $vm.Name
                state = [string] $vm.State
                generation = [int] $vm.Generation
                automatic_stop_action = [string] $vm.AutomaticStopAction
                dynamic_memory = [bool] $vm.DynamicMemoryEnabled
                low_mmio_bytes = [uint64] $vm.LowMemoryMappedIoSpace
                high_mmio_bytes = [uint64] $vm.HighMemoryMappedIoSpace
                guest_controlled_cache_types = [bool] $vm.GuestControlledCacheTypes
                nested_virtualization = [bool] $processor.ExposeVirtualizationExtensions
                clustered = [bool] $vm.IsClustered
                devices = $assigned
            }
            [void] $machines.Add($machine)
        }
        $hyperv.machines = $machines
    }
    $export.hyperv = $hyperv
}

$export.failures = $failures
$json = ConvertTo-Json -InputObject $export -Depth 8 -Compress
# The console may know no other characters than those of ASCII.
$escape = { param($found) '\u{0:x4}' -f [int] [char] $found.Value }
[Console]::Out.Write([regex]::Replace($json, '[^\x20-\x7e]', $escape))
