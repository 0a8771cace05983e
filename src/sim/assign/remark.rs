//! What the simulation has to say about a step: typed facts, without prose.

use crate::host::FunctionId;
use crate::sim::layout::Shortfall;
use crate::sim::policy::qemu::AddressWidthTooSmall;
use crate::sim::policy::tree::Unplaced;

use super::state::DeviceState;

/// Something to say about a step.
#[derive(Clone, PartialEq, Debug)]
pub struct Remark {
    /// What.
    pub kind: Kind,
    /// The device meant, where it is not the step's own.
    pub device: Option<FunctionId>,
    /// The step is refused for it. Otherwise it is a warning.
    pub refuses: bool,
}

/// Codes of rules that stand against a device.
pub type Codes = Vec<&'static str>;

/// What there is to say.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Client editions of Windows do not assign devices.
    ClientEdition,
    /// A device is dismounted that the host still uses.
    NotDisabled,
    /// Windows has to be restarted before it lets the device go.
    RestartPending,
    /// The path of the device is not isolated, and the dismount is not forced.
    NotIsolated(Codes),
    /// No mitigation driver, a class that Microsoft does not support, and no force.
    NoMitigation,
    /// Something stands against the device that force does not override.
    Blocked(Codes),
    /// The device is not in the pool.
    NotInPool(DeviceState),
    /// A VM has the device already.
    InUse,
    /// The pool has too few devices.
    PoolExhausted {
        /// Asked for.
        wanted: u32,
        /// In the pool.
        there: u32,
    },
    /// The device cannot be reset by itself, and the host's policy demands that.
    NoFunctionReset {
        /// The policy may be off: the capture does not say.
        enforced: bool,
    },
    /// The step makes no sense in this state.
    WrongState(DeviceState),
    /// Deleting the VM leaves its devices dismounted.
    LeftDismounted(u32),
    /// Checks were skipped by force.
    Forced(Codes),
    /// Whether something stands against the device is open: the capture lacks evidence.
    Unsettled(Codes),
    /// The device is not in the VM.
    NotInVm,
    /// The VM would be saved when the host shuts down.
    StopActionSaves,
    /// Whether the VM would be saved when the host shuts down was not captured.
    StopActionOpen,
    /// The VM's settings name a device that the host has not: its instance or location path.
    StaleAssignment(String),
    /// The VM has dynamic memory.
    DynamicMemory,
    /// MMIO sizes and cache types change only while the VM is off.
    RunningVm,
    /// The low gap does not hold the devices.
    LowGapTooSmall(Shortfall),
    /// The high gap does not hold the devices.
    HighGapTooSmall(Shortfall),
    /// The high gap ends beyond the host's physical address width.
    HighGapBeyondWidth {
        /// First address past the gap.
        end: u64,
        /// Address bits.
        bits: u8,
    },
    /// The low gap is smaller or larger than Hyper-V allows; bytes.
    LowGapOutOfRange(u64),
    /// A VM with a device cannot be saved, nor can its memory be part of a checkpoint.
    CannotSaveState,
    /// A VM with a device cannot be moved while it runs.
    CannotMigrate,
    /// The VM is a cluster resource.
    Clustered {
        /// Pools of devices exist on this version, so that it is possible.
        pools: bool,
    },
    /// The VM has nested virtualization.
    Nested,
    /// The guest system is not supported.
    GuestNotSupported,
    /// A graphics device without guest-controlled cache types.
    CacheTypes,
    /// The VM is not in the state that the step needs.
    VmState {
        /// It runs.
        running: bool,
    },
    /// BARs of unknown size are missing from the layout.
    SizesUnknown,
    /// The VM's MMIO gaps were not captured, and the default ones do not hold the devices.
    GapsOpen,
    /// QEMU refuses the guest's address width.
    AddressWidth(AddressWidthTooSmall),
    /// The guest's firmware has no room for a BAR.
    NoGuestRoom(Unplaced),
    /// SeaBIOS stops: too much has to lie below 4 GiB.
    FirmwareStops,
    /// The guest is asked to give the device back while it runs.
    HotRemove,
    /// The device is not bound to vfio-pci.
    NotBound(DeviceState),
    /// Other functions of the group are in use by the host.
    GroupInUse(Vec<FunctionId>),
    /// Functions of the group belong to another VM.
    GroupSplit(Vec<FunctionId>),
    /// No way to reset the device alone is known.
    NoReset,
    /// Groups were split by `pcie_acs_override`.
    AcsOverride,
    /// Something stands against the device under VFIO.
    BlockedVfio(Codes),
    /// A VM has the device already (VFIO).
    InUseVfio,
    /// Deleting the VM leaves its devices bound to vfio-pci.
    LeftBound(u32),
}

impl Remark {
    /// A refusal.
    pub const fn refusal(kind: Kind) -> Self {
        Self {
            kind,
            device: None,
            refuses: true,
        }
    }

    /// A warning.
    pub const fn warning(kind: Kind) -> Self {
        Self {
            kind,
            device: None,
            refuses: false,
        }
    }

    /// The same about another device.
    #[must_use]
    pub const fn about(mut self, device: Option<FunctionId>) -> Self {
        self.device = device;
        self
    }
}
