<#
.SYNOPSIS
Collects what "assignable" needs to know of a Windows host into one JSON file.

.DESCRIPTION
For hosts where no unknown program may run. It uses only what is part of Windows, for Windows
PowerShell 5.1 and PowerShell 7. It reads; the one thing that it writes is the file that it is
told to. Run it as administrator, or parts will be missing.

.PARAMETER OutputPath
The file to write. It must not exist.

.EXAMPLE
.\Collect-Assignable.ps1 -OutputPath host.json
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)]
    [string] $OutputPath
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$failures = New-Object System.Collections.ArrayList

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

function Get-Registry-Number {
    param([string] $Path, [string] $Name)
    $key = Get-ItemProperty -LiteralPath $Path -ErrorAction SilentlyContinue
    $value = Get-Member-Value -From $key -Name $Name
    if ($null -eq $value) {
        return $null
    }
    return [int64] $value
}

function ConvertTo-Plain {
    param([object] $Value)
    if ($null -eq $Value) {
        return $null
    }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('o')
    }
    if ($Value -is [guid]) {
        return $Value.ToString('B').ToUpperInvariant()
    }
    if ($Value -is [byte[]]) {
        return [System.BitConverter]::ToString($Value).Replace('-', '').ToLowerInvariant()
    }
    if ($Value -is [array]) {
        return , @($Value | ForEach-Object { [string] $_ })
    }
    if ($Value -is [enum]) {
        return [int64] $Value
    }
    return $Value
}

$export = [ordered] @{
    format = 'assignable-windows-export'
    version = 1
    collector = [ordered] @{ name = 'Collect-Assignable.ps1'; version = '0.1.0' }
    time = [datetime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
}

$identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object System.Security.Principal.WindowsPrincipal($identity)
$administrator = [System.Security.Principal.WindowsBuiltInRole]::Administrator
$export.elevated = $principal.IsInRole($administrator)

# The machine, without serial numbers and asset tags.
$platform = [ordered] @{}
Invoke-Step -What 'platform' -Step {
    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    $platform.sys_vendor = [string] $system.Manufacturer
    $platform.product_name = [string] $system.Model
    $bios = Get-CimInstance -ClassName Win32_BIOS
    $platform.bios_vendor = [string] $bios.Manufacturer
    $platform.bios_version = [string] $bios.SMBIOSBIOSVersion
}
$export.platform = $platform

$windows = [ordered] @{}
Invoke-Step -What 'edition and build' -Step {
    $version = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $windows.edition = [string] (Get-Member-Value -From $version -Name 'EditionID')
    $windows.product = [string] (Get-Member-Value -From $version -Name 'ProductName')
    $windows.build = [int] (Get-Member-Value -From $version -Name 'CurrentBuildNumber')
    $export.os_release = [string] $windows.build
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $kinds = @{ 1 = 'workstation'; 2 = 'domain-controller'; 3 = 'server' }
    $windows.product_type = $kinds[[int] $system.ProductType]
}
Invoke-Step -What 'registry' -Step {
    $values = [ordered] @{}
    $wanted = @(
        'SOFTWARE\Policies\Microsoft\Windows\HyperV\RequireSecureDeviceAssignment',
        'SOFTWARE\Policies\Microsoft\Windows\HyperV\RequireSupportedDeviceAssignment',
        'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Virtualization\IOVEnableOverride'
    )
    foreach ($path in $wanted) {
        $key = 'HKLM:\' + (Split-Path -Path $path -Parent)
        $number = Get-Registry-Number -Path $key -Name (Split-Path -Path $path -Leaf)
        if ($null -ne $number) {
            $values[$path] = $number
        }
    }
    $windows.registry = $values
}
Invoke-Step -What 'boot options' -Step {
    $boot = [ordered] @{}
    $text = & "$env:SystemRoot\System32\bcdedit.exe" '/enum' '{current}'
    foreach ($line in $text) {
        if ($line -match '^(hypervisor\S*|configaccesspolicy|isolatedcontext|msi|pciexpress|testsigning|vsmlaunchtype|x2apicpolicy)\s+(.+)$') {
            $boot[$Matches[1]] = $Matches[2].Trim()
        }
    }
    $windows.boot = $boot
}
$export.windows = $windows

# Every node of PCI devices and of PCI root buses, those of absent devices too.
$devices = New-Object System.Collections.ArrayList
Invoke-Step -What 'device nodes' -Step {
    $nodes = Get-PnpDevice | Where-Object {
        $_.InstanceId -like 'PCI\*' -or $_.InstanceId -like 'PCIP\*' -or
        $_.InstanceId -like 'ACPI\PNP0A08\*' -or $_.InstanceId -like 'ACPI\PNP0A03\*'
    }
    foreach ($node in $nodes) {
        $device = [ordered] @{
            InstanceId = $node.InstanceId
            Present = [bool] $node.Present
            ConfigManagerErrorCode = [int] $node.ConfigManagerErrorCode
        }
        $properties = New-Object System.Collections.ArrayList
        try {
            foreach ($property in (Get-PnpDeviceProperty -InstanceId $node.InstanceId)) {
                $entry = [ordered] @{
                    KeyName = [string] $property.KeyName
                    Type = [int] $property.Type
                    Data = (ConvertTo-Plain -Value $property.Data)
                }
                [void] $properties.Add($entry)
            }
        } catch {
            Add-Failure -What $node.InstanceId -Why $_.Exception.Message
        }
        $device.Properties = $properties
        $registry = [ordered] @{}
        $base = 'HKLM:\SYSTEM\CurrentControlSet\Enum\' + $node.InstanceId + '\Device Parameters\'
        $folder = 'Interrupt Management\MessageSignaledInterruptProperties'
        foreach ($name in @('MSISupported', 'MessageNumberLimit')) {
            $number = Get-Registry-Number -Path ($base + $folder) -Name $name
            if ($null -ne $number) {
                $registry[$folder + '\' + $name] = $number
            }
        }
        $number = Get-Registry-Number -Path ($base + 'DMA Management') -Name 'RemappingSupported'
        if ($null -ne $number) {
            $registry['DMA Management\RemappingSupported'] = $number
        }
        $device.Registry = $registry
        [void] $devices.Add($device)
    }
}
$export.devices = $devices

# Allocated resources, joined by the reader.
$memory = New-Object System.Collections.ArrayList
Invoke-Step -What 'memory ranges' -Step {
    foreach ($range in (Get-CimInstance -ClassName Win32_DeviceMemoryAddress)) {
        $entry = [ordered] @{
            StartingAddress = [uint64] $range.StartingAddress
            EndingAddress = [uint64] $range.EndingAddress
            CreationClassName = 'Win32_DeviceMemoryAddress'
        }
        [void] $memory.Add($entry)
    }
}
$export.memory = $memory
$allocations = New-Object System.Collections.ArrayList
Invoke-Step -What 'allocated resources' -Step {
    foreach ($row in (Get-CimInstance -ClassName Win32_PnPAllocatedResource)) {
        $resource = $row.Antecedent
        $part = [ordered] @{ CreationClassName = [string] $resource.CimClass.CimClassName }
        foreach ($name in @('IRQNumber', 'StartingAddress', 'DMAChannel')) {
            $value = Get-Member-Value -From $resource -Name $name
            if ($null -ne $value) {
                $part[$name] = [uint64] $value
            }
        }
        $entry = [ordered] @{
            Antecedent = $part
            Dependent = [ordered] @{ DeviceID = [string] $row.Dependent.DeviceID }
        }
        [void] $allocations.Add($entry)
    }
}
$export.allocations = $allocations

# ACPI tables as the registry holds them. The firmware-table interface needs native code.
$tables = New-Object System.Collections.ArrayList
Invoke-Step -What 'ACPI tables' -Step {
    $keys = Get-ChildItem -LiteralPath 'HKLM:\HARDWARE\ACPI' -Recurse -ErrorAction SilentlyContinue
    foreach ($key in $keys) {
        $table = $key.GetValue('00000000')
        if ($table -is [byte[]]) {
            [void] $tables.Add((ConvertTo-Plain -Value $table))
        }
    }
}
$export.tables = $tables

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
$full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputPath)
if (Test-Path -LiteralPath $full) {
    throw "$OutputPath exists already"
}
$json = ConvertTo-Json -InputObject $export -Depth 8 -Compress
$encoding = New-Object System.Text.UTF8Encoding($false)
[System.IO.File]::WriteAllText($full, $json, $encoding)
Write-Output "$($devices.Count) device nodes, $($tables.Count) ACPI tables, $($failures.Count) failures: $OutputPath"
